/**
 * Parity with PyTorch: from the same first weights and batches, without dropout, in float32, the first fifty losses agree to 1e-4 and so do
 * the weights after them. test/reference/parity-torch.py made the stored values (SparseAdam on tables, Adam on the rest).
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { buildTrainingPlan } from '../model/build-plan.js'
import { bceAlone } from '../model/losses/bce.js'
import type { ModelChoice } from '../model/model.js'
import { philox, philoxKey, philoxUniform } from '../model/philox.js'
import type { Feed, NativeBatch, Trainer } from '../native/ts/binding.js'
import { loadNative } from '../native/ts/load.js'

interface Case {
  readonly fields: number
  readonly numbers: number
  readonly rows: number
  readonly rate: number
  readonly model: ModelChoice
  readonly losses: readonly number[]
  readonly final: Readonly<Record<string, { readonly norm: number; readonly sum: number }>>
}
interface Reference {
  readonly torch: string
  readonly seed: number
  readonly batch: number
  readonly cases: Readonly<Record<string, Case>>
}

const TOLERANCE = 1e-4
const LANES = 8
const reference = JSON.parse(readFileSync(new URL('../../test/reference/parity-torch.json', import.meta.url), 'utf8')) as Reference
const native = loadNative()

for (const [name, wanted] of Object.entries(reference.cases)) {
  test(`${name}: fifty steps like PyTorch ${reference.torch}`, { timeout: 60_000 }, async () => {
    const laneBatch = reference.batch / LANES
    const { fields, numbers, rows, rate, model } = wanted
    const optimizer = { kind: 'adam', rate, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 } as const
    const plan = buildTrainingPlan({ model, loss: bceAlone, optimizer, sizes: { fields, numbers, rows }, laneBatch })
    const lanes = { lanes: LANES, laneBatch, threads: 2, firstLane: 0, laneCount: LANES }
    const trainer = native.createTrainer({ ...plan, seed: reference.seed, ...lanes })
    const feed = memoryFeed(wanted, laneBatch)
    try {
      await trainer.initialize()
      for (const [index, loss] of wanted.losses.entries()) {
        await trainer.compute(index + 1, feed)
        const { lossSum, examples } = await trainer.exchange(false)
        assert.equal(examples, reference.batch)
        assertNear(`loss of step ${index + 1}`, lossSum / examples, loss, loss)
        await trainer.update(index + 1)
      }
      for (const [tensor, { norm, sum }] of Object.entries(wanted.final)) {
        const weights = await read(trainer, tensor)
        assertNear(`norm of ${tensor}`, Math.hypot(...weights), norm, norm)
        const places = weights.reduce((total, weight, i) => total + weight * Math.cos(i), 0)
        assertNear(`sum of ${tensor}`, places, sum, norm)
      }
    } finally {
      trainer.close()
      feed.close()
    }
  })
}

function assertNear(what: string, got: number, wanted: number, scale: number): void {
  assert.ok(Math.abs(got - wanted) <= TOLERANCE * Math.abs(scale), `${what}: PyTorch ${wanted}, Lossmith ${got}`)
}

async function read(trainer: Trainer, name: string): Promise<Float32Array> {
  const tensor = trainer.stateTensors().find((each) => each.name === name)
  assert.ok(tensor, `the state has ${name}`)
  const bytes = await trainer.readState(name, 0, tensor.bytes)
  return new Float32Array(bytes.slice().buffer)
}

/** The batches of parity-torch.py; lane l gets the examples l·laneBatch onward of each. */
function memoryFeed({ fields, numbers, rows, losses }: Case, laneBatch: number): Feed {
  const moments = { means: new Array<number>(numbers).fill(0), deviations: new Array<number>(numbers).fill(1) }
  const numbersAs = numbers > 0 ? ({ as: 'normalised', ...moments } as const) : ({ as: 'log-bins' } as const)
  const features = {
    format: { kind: 'criteo' },
    names: [],
    classes: 1,
    firstClass: 0,
    numbers: numbersAs,
    categories: { minCount: 1 },
    fields,
    width: numbers,
    rows,
    maxLineBytes: 1 << 20,
  } as const
  const source = { paths: [], pointsPaths: [], vocabularyPath: '', features }
  const feed = native.createFeed({ source, laneBatch, shuffleRows: 0, seed: reference.seed })
  for (let lane = 0; lane < LANES; lane++) {
    const batches = losses.map((_, step) => batchOf(step, lane * laneBatch, laneBatch, fields, numbers, rows))
    feed.setMemory(lane, batches, false)
  }
  return feed
}

function batchOf(
  step: number,
  first: number,
  count: number,
  fields: number,
  numbers: number,
  rows: number,
): Pick<NativeBatch, 'labels' | 'ids' | 'numbers'> {
  const drawn = (purpose: string, width: number, from: (uniform: number, unit: number) => number) => {
    const key = philoxKey(BigInt(reference.seed), `parity/${purpose}`)
    const at = (i: number) => philox([first + Math.floor(i / width), step, i % width, 0], key)[0]
    return Array.from({ length: count * width }, (_, i) => from(philoxUniform(at(i)), i % width))
  }
  const each = rows / fields // every field has its own rows
  const ids = drawn('ids', fields, (u, field) => field * each + Math.floor(u * u * each))
  const labels = drawn('labels', 1, (u) => u).map((u, i) => Number(u < 0.1 + 0.8 * ((ids[i * fields] as number) % 2)))
  return {
    labels: Float32Array.from(labels),
    ids: BigInt64Array.from(ids, BigInt),
    numbers: Float32Array.from(drawn('numbers', numbers, (u) => 2 * u - 1)),
  }
}
