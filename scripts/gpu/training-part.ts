/** A short training by `lossmith train` on the CPU and twice on the device: loss curves near each other, the device's two runs equal in every byte. */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Around, failed, lossmith, type Outcome, type Part, passed, type Ran, runFor, whyFailed } from './part.js'

/**
 * Of a step's loss. Sums in another order differ by some 1e-7; Adam's first steps, m / √v near ±1 whatever the size of a gradient, make that
 * some 1e-5 after dozens of steps, and a relu that falls on the other side of zero a little more.
 */
const tolerance = 2e-3

export const trainingPart: Part = { name: 'training: CPU and device', seconds: 90, run: train }

function train(around: Around): Outcome {
  const { scratch, left, emulated } = around
  const log = join(scratch, 'log.tsv')
  const made = runFor(left(), process.execPath, [lossmith, 'synth', '--rows', emulated ? '20000' : '200000', '--out', log, '--quiet'])
  if (made.code !== 0) return failed(`lossmith synth: ${whyFailed(made)}`, made.stderr)
  const job = join(scratch, 'job.yaml')
  writeFileSync(job, JSON.stringify(jobOf(log, emulated)))
  for (const [run, device] of Object.entries({ cpu: 'cpu', first: 'cuda', second: 'cuda' })) {
    const ran = trainOn(device, join(scratch, run), job, left())
    if (ran.code !== 0) return failed(`lossmith train --device ${device}: ${whyFailed(ran)}`, ran.stderr)
  }
  return compare(scratch)
}

function trainOn(device: string, run: string, job: string, ms: number): Ran {
  return runFor(ms, process.execPath, [lossmith, 'train', job, '--run', run, '--workers', '1', '--device', device, '--quiet'])
}

function jobOf(log: string, emulated: boolean): object {
  return {
    data: { train: [log], split: { by: 'time', validation: 0.05, test: 0.1 } },
    features: { rows: 100_000 },
    model: { kind: 'deepfm', embedding: 16, hidden: emulated ? [32, 16] : [400, 400, 400], dropout: 0.2 },
    train: { batch: emulated ? 1024 : 4096, lanes: 8, epochs: 1 },
  }
}

function compare(scratch: string): Outcome {
  const [cpu, first, second] = ['cpu', 'first', 'second'].map((run) => lossesOf(join(scratch, run))) as [number[], number[], number[]]
  const far = cpu.map((loss, i) => Math.abs(loss - first[i]!) / loss)
  const worst = Math.max(...far)
  const same = hashOf(join(scratch, 'first')) === hashOf(join(scratch, 'second')) && first.every((loss, i) => loss === second[i])
  const facts = { steps: cpu.length, worst, tolerance, last: { cpu: cpu.at(-1), device: first.at(-1) }, sameBytes: same }
  const text = `${cpu.length} steps, losses differ by ${worst.toExponential(1)} at most (${tolerance} allowed), two runs ${same ? 'equal' : 'DIFFER'}`
  return first.length === cpu.length && worst <= tolerance && same ? passed(text, facts) : failed(text, '', facts)
}

function lossesOf(run: string): number[] {
  const lines = readFileSync(join(run, 'metrics.jsonl'), 'utf8').trimEnd().split('\n')
  return lines.map((line) => JSON.parse(line) as { loss?: number }).flatMap(({ loss }) => loss ?? [])
}

/** Of the newest checkpoint's tensors. */
function hashOf(run: string): string {
  const newest = readdirSync(join(run, 'checkpoints')).sort().at(-1)!
  return createHash('sha256')
    .update(readFileSync(join(run, 'checkpoints', newest, 'state.safetensors')))
    .digest('hex')
}
