/**
 * Programs of a controller step in the engine, on the CPU and on a GPU, against the float64 reference: both phases, with dropout and Gumbel noise, of every model. The
 * evidence is held to a direction too, because that is what the controller follows: cosine above 0.9999 with float64.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ControllerJob, controllerOf, type LossJob } from '../common/job/loss.js'
import { buildTrainingPlan } from '../model/build-plan.js'
import { smallController } from '../model/controller/controller-job.test.support.js'
import { buildSearchGraph } from '../model/controller/search-graph.js'
import { nameOf, type Tensor } from '../model/graph.js'
import { buildTrainingGraph, type InputSizes, type ModelChoice } from '../model/model.js'
import type { DenseValue } from '../model/op.js'
import { initialRows } from '../model/philox.js'
import { evaluate } from '../model/reference.js'
import { testDevices } from '../native/ts/devices.test.support.js'
import { loadNative } from '../native/ts/load.js'
import { compareWithReference, engineValues } from './engine-values.js'

const native = loadNative()
const MAX_BATCH = 32
const ROWS = 40
// Single precision through the backward pass, its quotient by example and sums over the batch.
const TOLERANCE = 1e-4
const randomness = { seed: 7n, step: 3, lane: 2 }

const controller: ControllerJob = { ...smallController, inputs: ['y', 'z', 'p', 'error', 'field:C2'], hidden: [16, 8], fieldWidth: 3 }
const fields = [{ field: 1, name: 'C2', values: [1, 2, 5, 8].map((row) => ({ text: `${row}`, row, count: 1 })) }]
const clicks: LossJob = { mode: 'search', candidates: [{ name: 'bce' }, { name: 'focal', gamma: 2 }, { name: 'hinge' }, { name: 'mse' }], controller }
const centred = (loss: LossJob): LossJob => ({ ...loss, controller: { ...controller, centre: 0.5 } }) as LossJob
const gumbel: LossJob = { ...clicks, controller: { ...controller, gumbel: true } }
const classes: LossJob = { mode: 'search', candidates: [{ name: 'ce' }, { name: 'kl', epsilon: 0.1 }, { name: 'hinge' }], controller }

const deepfm: ModelChoice = { kind: 'deepfm', embedding: 8, hidden: [24, 16], dropout: 0.3 }
const sizes: InputSizes = { fields: 6, numbers: 5, rows: ROWS }
const cases: [string, ModelChoice, InputSizes, LossJob][] = [
  ['lr', { kind: 'lr' }, { ...sizes, numbers: 0 }, clicks],
  ['fm', { kind: 'fm', embedding: 8 }, sizes, clicks],
  ['deepfm', deepfm, sizes, clicks],
  ['deepfm with Gumbel noise', deepfm, { ...sizes, numbers: 0 }, gumbel],
  ['deepfm with a static weighing', deepfm, sizes, { ...clicks, mode: 'static' }],
  ['deepfm of three classes', deepfm, { ...sizes, classes: 3 }, classes],
  ['deepfm with centred tangents', deepfm, sizes, centred(clicks)],
  ['deepfm of three classes with centred tangents', deepfm, { ...sizes, classes: 3 }, centred(classes)],
  ['wide-and-deep', { kind: 'wide-and-deep', embedding: 8, hidden: [24, 16], dropout: 0.3 }, sizes, clicks],
  ['ipnn', { kind: 'ipnn', embedding: 4, hidden: [24, 16], dropout: 0.3 }, sizes, clicks],
  ['dcn-v2', { kind: 'dcn-v2', embedding: 4, crosses: 2, hidden: [24, 16], dropout: 0.3 }, sizes, clicks],
]

for (const [device, what, model, sizes, loss] of testDevices.flatMap((device) => cases.map((one) => [device, ...one] as const)))
  test(`${what}: loss, gradients and evidence (${device})`, () => {
    const facts = { baseRate: 0.3, classShares: sizes.classes ? [0.2, 0.3, 0.5] : [], fields }
    const plan = buildTrainingPlan({ model, sizes, loss, facts, optimizer: { kind: 'sgd', rate: 1, weightDecay: 0 }, laneBatch: MAX_BATCH })
    const program = plan.controller!.search!
    const training = buildTrainingGraph(model, sizes, loss, facts)
    const search = buildSearchGraph(training, controllerOf(loss)!.centre)!
    const leaves = [...training.parameters, ...training.tables]
    const gradients = new Map(leaves.map((leaf, i) => [nameOf(leaf), search.gradients[i]!]))
    const outputs = { loss: training.loss, logits: training.logits, candidates: training.mixture!.sums, evidence: search.evidence }
    const given = [...training.graph.inputs, ...leaves, ...leaves.map((leaf) => training.graph.tangentOf(leaf))]
    for (const batch of [0, 1, 7, MAX_BATCH]) {
      const values = valuesOf(given, batch, sizes)
      compareWithReference({ native, program, batch, values, outputs, gradients, randomness, options: { device }, tolerance: TOLERANCE })
      if (batch < 7) continue
      const found = native.runProgram(program, batch, engineValues(program, values, randomness), { device }).outputs.evidence!
      const [wanted] = evaluate([search.evidence], { values, batch, randomness }) as [DenseValue]
      const { dS, dH } = plan.controller!.evidence
      assert.ok(cosine(found.subarray(dS, dH), wanted.data.subarray(dS, dH)) > 0.9999)
    }
  })

function valuesOf(leaves: readonly Tensor[], batch: number, { classes = 1 }: InputSizes): Map<string, DenseValue> {
  return new Map(
    leaves.map((leaf) => {
      const shape = leaf.shape.map((dim) => (dim === 'B' ? batch : dim))
      const draws = initialRows({ kind: 'uniform', bound: 0.5 }, 11n, nameOf(leaf), 0, 1, shape.reduce((a, b) => a * b, 1)) // biome-ignore format: one line
      const below = (count: number) => Float64Array.from(draws, (u) => Math.floor((u + 0.5) * count))
      if (leaf.dtype === 'i64') return [nameOf(leaf), { shape, data: below(ROWS) }]
      if (nameOf(leaf) === 'labels') return [nameOf(leaf), { shape, data: below(Math.max(classes, 2)) }]
      return [nameOf(leaf), { shape, data: Float64Array.from(draws, (u) => (nameOf(leaf) === 'temperature' ? Math.fround(1 + u) : u)) }]
    }),
  )
}

function cosine(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const inner = (x: ArrayLike<number>, y: ArrayLike<number>) => Array.from(x).reduce((sum, value, i) => sum + value * y[i]!, 0)
  return inner(a, b) / Math.sqrt(inner(a, a) * inner(b, b))
}
