/**
 * The look-ahead gradient against the thing itself: the validation loss after a true optimizer step, moved by central differences along a
 * random direction of the controller's weights. float64, rate 1e-6, where the step is as good as linear.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ControllerJob, LossJob } from '../../common/job/loss.js'
import { nameOf } from '../graph.js'
import { buildTrainingGraph, type InputSizes, type ModelChoice, type TrainingGraph } from '../model.js'
import type { DenseValue, Value } from '../op.js'
import { initialRows } from '../philox.js'
import type { OptimizerSpec } from '../plan.js'
import { type Evaluation, evaluate } from '../reference.js'
import { classCandidates, clickCandidates, searchOf, sliceFacts, smallController } from './controller-job.test.support.js'
import { evidenceLayout } from './evidence.js'
import { meanGradients, ReferenceState } from './look-ahead.test.support.js'
import { buildSearchGraph } from './search-graph.js'
import { buildValidationGraph, type ValidationGraph } from './validation-graph.js'

const ROWS = 7
const BATCH = 6
const RATE = 1e-6
const sgd: OptimizerSpec = { kind: 'sgd', rate: 0.05, weightDecay: 0 }
const adam: OptimizerSpec = { kind: 'adam', rate: 0.005, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 1e-3 }
const deepfm: ModelChoice = { kind: 'deepfm', embedding: 3, hidden: [5, 4], dropout: 0.3 }

interface Case {
  model: ModelChoice
  sizes: InputSizes
  loss: LossJob
  optimizer: OptimizerSpec
  warm: number
  objective?: ControllerJob['objective']
}

/** dS and dH along a random direction of phi, and the same measured. */
function derivatives({ model, sizes, loss, optimizer, warm, objective = 'logloss' }: Case) {
  const training = buildTrainingGraph(model, sizes, loss, sliceFacts)
  const validation = buildValidationGraph(model, sizes, objective)
  const { evidence } = buildSearchGraph(training, 0)!
  const { size } = training.mixture!.learned!.controller
  const leaves = [...training.parameters, ...training.tables]
  const state = new ReferenceState(optimizer, training.parameters, training.tables)
  const phi = draw('phi', size, 0.5)
  const at = (batch: string, phi: Float64Array, weights = state.weights): Evaluation => batchOf(training, batch, phi, weights)

  for (let step = 0; step < warm; step++) state.apply(meanGradients(leaves, training.gradients, at(`warm ${step}`, phi)), optimizer.rate)

  const gradients = meanGradients(leaves, training.gradients, at('train', phi))
  const held = meanGradients(leaves, validation.gradients, at('validation', phi))
  const step = at('train', phi)
  const values = new Map<string, Value>([...step.values, ...state.tangents(gradients, held)])
  const found = (evaluate([evidence], { ...step, values }) as DenseValue[])[0]!.data
  const layout = evidenceLayout(size)
  assert.equal(found.length, layout.length)

  const direction = draw('direction', size, 1)
  // The objective moves by RATE only, so h is as large as its rounding wants it; the entropy's is too small to meet a kink of relu.
  const [h, small] = [1e-3, 1e-6]
  const moved = (by: number) => phi.map((value, i) => value + by * direction[i]!)
  const after = (by: number) => {
    const weights = state.after(meanGradients(leaves, training.gradients, at('train', moved(by))), RATE)
    return lossOf(validation, at('validation', phi, weights))
  }
  const entropy = (by: number) => {
    const weighing = training.mixture!.learned!.weighing
    return (evaluate([weighing.entropy], at('train', moved(by))) as DenseValue[])[0]!.data.reduce((a, b) => a + b)
  }
  const along = (offset: number) => direction.reduce((sum, d, i) => sum + d * found[offset + i]!, 0)
  return {
    dS: { found: along(layout.dS) / BATCH, measured: (after(h) - after(-h)) / (2 * h * RATE) },
    dH: { found: along(layout.dH), measured: (entropy(small) - entropy(-small)) / (2 * small) },
    entropy: { found: found[layout.entropy]!, measured: entropy(0) },
  }
}

function batchOf({ graph }: TrainingGraph, batch: string, phi: Float64Array, weights: ReadonlyMap<string, Value>): Evaluation {
  const classes = graph.inputs.some((leaf) => nameOf(leaf) === 'controller') ? (weights.get('mlp.2.bias')?.shape[0] ?? 1) : 1
  const values = new Map<string, Value>(weights)
  for (const leaf of graph.inputs) {
    const name = nameOf(leaf)
    const shape = leaf.shape.map((dim) => (dim === 'B' ? BATCH : dim))
    const draws = draw(`${batch}/${name}`, shape[0]! * (shape[1] ?? 1), 1)
    const below = (count: number) => draws.map((value) => Math.floor(((value + 1) / 2) * count))
    const data = leaf.dtype === 'i64' ? below(ROWS) : name === 'labels' ? below(Math.max(classes, 2)) : draws
    values.set(name, { shape, data })
  }
  values.set('controller', { shape: [phi.length], data: phi })
  values.set('temperature', { shape: [1], data: Float64Array.of(0.7) })
  return { values, batch: BATCH, randomness: { seed: 1n, step: 3, lane: 2 } }
}

function lossOf({ objective }: ValidationGraph, at: Evaluation): number {
  return (evaluate([objective], at) as DenseValue[])[0]!.data[0]! / at.batch
}

function draw(name: string, size: number, bound: number): Float64Array {
  return Float64Array.from(initialRows({ kind: 'uniform', bound }, 4n, name, 0, 1, size))
}

function near({ found, measured }: { found: number; measured: number }, what: string): void {
  assert.ok(Math.abs(measured) > 1e-7, `${what}: ${measured} says nothing`)
  assert.ok(Math.abs(found - measured) < 1e-4 * Math.abs(measured), `${what}: wanted ${measured}, got ${found}`)
}

const cases: [string, Case][] = []
const numbers = { fields: 2, numbers: 2, rows: ROWS }
for (const optimizer of [sgd, adam])
  for (const warm of [1, 10, 100])
    cases.push([`${optimizer.kind} after ${warm} steps`, { model: deepfm, sizes: numbers, loss: searchOf(clickCandidates), optimizer, warm }])
const gumbel = searchOf(clickCandidates, { gumbel: true })
const fixed: LossJob = { mode: 'static', candidates: clickCandidates, controller: smallController }
const classes = searchOf(classCandidates)
cases.push(['Gumbel noise', { model: deepfm, sizes: numbers, loss: gumbel, optimizer: adam, warm: 3 }])
cases.push(['one weighing for all', { model: deepfm, sizes: numbers, loss: fixed, optimizer: adam, warm: 3 }])
cases.push([
  'logistic regression',
  { model: { kind: 'lr' }, sizes: { ...numbers, numbers: 0 }, loss: searchOf(clickCandidates), optimizer: adam, warm: 3 },
])
cases.push(['the objective auc', { model: deepfm, sizes: numbers, loss: searchOf(clickCandidates), optimizer: adam, warm: 3, objective: 'auc' }])
cases.push(['three classes', { model: deepfm, sizes: { ...numbers, classes: 3 }, loss: classes, optimizer: adam, warm: 3 }])

for (const [what, each] of cases)
  test(`${what}: the controller's gradient is that of the objective after the step`, () => {
    const { dS, dH, entropy } = derivatives(each)
    near(dS, 'dS')
    near(dH, 'dH')
    near(entropy, 'entropy')
  })
