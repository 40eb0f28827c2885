/**
 * DeepFM and DLRM on Criteo's shapes, 10 M rows, batch 65,536: examples/s against the best of PyTorch's ways on the same GPU in the same minute
 * (docs/benchmarks/deepfm_torch.py), and which part of the floor (floor.ts) that is.
 */

import { type Ceilings, floorOf, type StepShape } from './floor.js'
import { type Around, failed, lossmith, type Outcome, type Part, passed, runFor, skipped, whyFailed } from './part.js'

const common = { batch: 65_536, fields: 26, numbers: 13, rows: 10_000_016, hidden: [400, 400, 400] }
const peerFile = 'docs/benchmarks/deepfm_torch.py'
const precisionOf: Record<string, string[]> = { float32: [], tf32: ['--tf32'], bf16: ['--bf16'] }

export function benchParts(precision: string): readonly Part[] {
  const shapes = (['deepfm', 'dlrm'] as const).flatMap((model) => [16, 128].map((width) => ({ model, width })))
  return shapes.map((shape) => ({
    name: `${shape.model}, width ${shape.width}, ${precision}`,
    seconds: 120,
    run: (around) => race({ ...common, ...shape }, precision, around),
  }))
}

function race(shape: StepShape, precision: string, around: Around): Outcome {
  if (around.emulated) return skipped('an emulated device has no speed')
  const { model, width, batch, rows } = shape
  const size = `--model ${model} --width ${width} --batch ${batch} --lanes 1 --rows ${rows} --warm 10 --steps 50`
  const args = `bench --json --device cuda --precision ${precision} ${size}`.split(' ')
  const ours = runFor(around.left(), process.execPath, [lossmith, ...args])
  if (ours.code !== 0) return failed(`lossmith bench: ${whyFailed(ours)}`, ours.stdout + ours.stderr)
  const { examplesPerSecond, stepMs } = JSON.parse(ours.stdout) as { examplesPerSecond: number; stepMs: Record<string, number> }
  const mine = `${thousands(examplesPerSecond)} ex/s, ${stepMs.total!.toFixed(2)} ms a step`
  const ceilings = ceilingsOf(precision, around)
  const floor = ceilings === null ? null : floorOf(shape, ceilings)
  const { peer, why, tried } = peerRate(shape, precision, around)
  const facts = { shape, precision, examplesPerSecond, stepMs, peer, tried, ratio: peer === null ? null : examplesPerSecond / peer, ceilings, floor }
  const against = peer === null ? `no peer: ${why}` : `${(examplesPerSecond / peer).toFixed(2)} × PyTorch's best (${thousands(peer)})`
  const part = floor === null ? '' : `, ${Math.round((100 * floor.ms) / stepMs.total!)} % of the floor of ${floor.ms.toFixed(2)} ms`
  return passed(`${mine}; ${against}${part}`, facts)
}

/** `tried`: what each way gave, as the peer says it. */
function peerRate(
  { model, width, batch, rows }: StepShape,
  precision: string,
  { peer, left }: Around,
): { peer: number | null; why: string; tried: string[] } {
  if (peer === null) return { peer, why: 'no PyTorch for CUDA; LOSSMITH_PEER names its python', tried: [] }
  const size = ['--batch', `${batch}`, '--vocab', `${rows}`, '--width', `${width}`, '--steps', '50', '--warm', '10']
  const ran = runFor(left(), peer, [peerFile, '--device', 'cuda', '--best', '--model', model, ...precisionOf[precision]!, ...size])
  const tried = ran.stderr.split('\n').filter((line) => line.includes('sparse='))
  // Where its time ran out, what it had measured until then counts.
  const rates = [...(ran.stdout + ran.stderr).matchAll(/median (\d+) ex\/s/g)].map(([, rate]) => Number(rate))
  if (rates.length === 0) return { peer: null, why: `${whyFailed(ran)}: ${ran.stderr.trim().split('\n').at(-1)}`, tried }
  return { peer: Math.max(...rates), why: '', tried }
}

const measured = new Map<string, Ceilings>()

/** Once for a precision; null where it did not come to an end. */
function ceilingsOf(precision: string, { peer, left }: Around): Ceilings | null {
  const known = measured.get(precision)
  if (peer === null || known !== undefined) return known ?? null
  const { code, stdout } = runFor(left(), peer, [peerFile, '--ceilings', ...precisionOf[precision]!])
  if (code !== 0) return null
  const ceilings = JSON.parse(stdout.trim().split('\n').at(-1)!) as Ceilings
  measured.set(precision, ceilings)
  return ceilings
}

const thousands = (rate: number) => Math.round(rate).toLocaleString('en-US')
