import assert from 'node:assert/strict'
import { test } from 'node:test'
import { controllerOf, type LossJob } from '../../common/job/loss.js'
import { buildTrainingPlan } from '../build-plan.js'
import { interpretProgram } from '../compile/interpret-program.test.support.js'
import { nameOf } from '../graph.js'
import { buildTrainingGraph, type InputSizes, type ModelChoice } from '../model.js'
import type { DenseValue, RowsValue, Value } from '../op.js'
import { initialRows } from '../philox.js'
import type { Program } from '../program.js'
import { evaluate } from '../reference.js'
import { classCandidates, clickCandidates, searchOf, sliceFacts, smallController } from './controller-job.test.support.js'
import { buildSearchGraph } from './search-graph.js'
import { buildValidationGraph } from './validation-graph.js'

const ROWS = 7
const MAX_BATCH = 8
const sgd = { kind: 'sgd', rate: 0.1, weightDecay: 0 } as const
// The interpreter of programs draws no masks.
const deepfm: ModelChoice = { kind: 'deepfm', embedding: 3, hidden: [5, 4], dropout: 0 }
const sizes: InputSizes = { fields: 2, numbers: 2, rows: ROWS }

function planOf(model: ModelChoice, sizes: InputSizes, loss: LossJob) {
  return buildTrainingPlan({ model, sizes, loss, facts: sliceFacts, optimizer: sgd, laneBatch: MAX_BATCH })
}

/** Numbers in ±1 for every input, weight and tangent; ids below ROWS, labels below `classes`. */
function valuesOf(model: ModelChoice, sizes: InputSizes, loss: LossJob, batch: number): Map<string, DenseValue> {
  const { graph } = buildTrainingGraph(model, sizes, loss, sliceFacts)
  const weights = [...graph.parameters, ...graph.tables]
  return new Map(
    [...graph.inputs, ...weights, ...weights.map((leaf) => graph.tangentOf(leaf))].map((leaf) => {
      const name = nameOf(leaf)
      const shape = leaf.shape.map((dim) => (dim === 'B' ? batch : dim))
      const draws = initialRows({ kind: 'uniform', bound: 1 }, 3n, name, 0, 1, shape.reduce((a, b) => a * b, 1)) // biome-ignore format: one line
      const below = leaf.dtype === 'i64' ? ROWS : name === 'labels' ? Math.max(sizes.classes ?? 1, 2) : 0
      const positive = name === 'temperature'
      return [name, { shape, data: Float64Array.from(draws, (u) => (below > 0 ? Math.floor(((u + 1) / 2) * below) : positive ? 1 + u / 2 : u)) }]
    }),
  )
}

function run(program: Program, batch: number, values: ReadonlyMap<string, DenseValue>) {
  const tangents = [...program.parameters, ...program.tables].map((name): [string, Float64Array] => [name, values.get(`tangent of ${name}`)!.data])
  return interpretProgram(program, batch, new Map([...values].map(([name, { data }]) => [name, data])), new Map(tangents))
}

function near(what: string, got: Float64Array | undefined, wanted: Float64Array): void {
  assert.equal(got?.length, wanted.length, what)
  wanted.forEach((value, i) => {
    assert.ok(Math.abs(got![i]! - value) <= 1e-9 * (1 + Math.abs(value)), `${what}[${i}]: wanted ${value}, got ${got![i]}`)
  })
}

const cases: [string, ModelChoice, InputSizes, LossJob][] = [
  ['DeepFM', deepfm, sizes, searchOf(clickCandidates)],
  ['logistic regression', { kind: 'lr' }, { ...sizes, numbers: 0 }, searchOf(clickCandidates)],
  ['a static weighing of an FM', { kind: 'fm', embedding: 3 }, sizes, { mode: 'static', candidates: clickCandidates, controller: smallController }],
  ['three classes', deepfm, { ...sizes, classes: 3 }, searchOf(classCandidates)],
  ['centred tangents', deepfm, sizes, searchOf(clickCandidates, { centre: 0.7 })],
]
for (const [what, model, sizes, loss] of cases)
  test(`${what}: the program of a controller step computes what its graph says, in two phases`, () => {
    const { search, evidence, size } = planOf(model, sizes, loss).controller!
    const training = buildTrainingGraph(model, sizes, loss, sliceFacts)
    const graph = buildSearchGraph(training, controllerOf(loss)!.centre)!
    assert.ok(search && search.cut > 0 && search.cut < search.code.length)
    assert.deepEqual(search.outputs, ['loss', 'logits', 'candidates', 'evidence'])
    assert.deepEqual([evidence.dS, evidence.dH, evidence.length], [2, 2 + size, 2 + 2 * size])
    for (const batch of [1, 5, MAX_BATCH]) {
      const values = valuesOf(model, sizes, loss, batch)
      const got = run(search, batch, values)
      const outputs = [training.loss, training.logits, training.mixture!.sums, graph.evidence]
      const wanted = evaluate([...outputs, ...graph.gradients], { values: values as Map<string, Value>, batch })
      search.outputs.forEach((name, i) => {
        near(name, got.outputs.get(name), (wanted[i] as DenseValue).data)
      })
      const leaves = [...training.parameters, ...training.tables]
      for (const [i, leaf] of leaves.entries()) {
        const value = wanted[outputs.length + i]!
        if ('data' in value) near(nameOf(leaf), got.gradients.get(nameOf(leaf)), value.data)
        else
          for (const [row, numbers] of (value as RowsValue).rows) near(`row ${row} of ${nameOf(leaf)}`, got.rows.get(nameOf(leaf))?.get(row), numbers)
      }
    }
  })

test('a controller step trains as any other step: the same loss and gradients as without the second phase', () => {
  const loss = searchOf(clickCandidates)
  const { train, controller } = planOf(deepfm, sizes, loss)
  assert.deepEqual(train.inputs, ['ids', 'numbers', 'labels', 'controller', 'temperature'])
  assert.equal(train.cut, train.code.length)
  const values = valuesOf(deepfm, sizes, loss, 5)
  const [one, two] = [train, controller!.search!].map((program) => run(program, 5, values)) as [ReturnType<typeof run>, ReturnType<typeof run>]
  for (const [name, numbers] of one.outputs) near(name, two.outputs.get(name), numbers)
  for (const [name, numbers] of one.gradients) near(name, two.gradients.get(name), numbers)
  for (const [table, rows] of one.rows) for (const [row, numbers] of rows) near(`row ${row} of ${table}`, two.rows.get(table)?.get(row), numbers)
})

test('the evidence costs one product for every product with a parameter, and no second backward pass', () => {
  const loss: LossJob = { mode: 'static', candidates: clickCandidates, controller: smallController }
  for (const numbers of [0, 2]) {
    const { train, predict, controller } = planOf({ ...deepfm, dropout: 0.2 }, { ...sizes, numbers }, loss)
    const products = ({ code }: Program) => code.filter(({ op }) => op === 'matmul').length
    assert.equal(products(controller!.search!) - products(train), products(predict))
  }
})

test('equal weights: p is 1/K and the sums of the losses stand beside', () => {
  const loss: LossJob = { mode: 'equal', candidates: clickCandidates }
  const { train, candidates, controller } = planOf({ kind: 'lr' }, sizes, loss)
  assert.deepEqual([candidates.length, controller, train.inputs], [4, null, ['ids', 'numbers', 'labels']])
  const { outputs } = run(train, 8, valuesOf({ kind: 'lr' }, sizes, loss, 8))
  const sums = outputs.get('candidates')!
  near('weights', sums.subarray(0, 4), Float64Array.of(2, 2, 2, 2))
  near('loss', outputs.get('loss'), Float64Array.of((sums[4]! + sums[5]! + sums[6]! + sums[7]!) / 4))
})

test('assigned weights: an example has the candidate of its value, of the others where it has none', () => {
  const [bce, noisy] = [{ name: 'bce' as const }, { name: 'bce_noisy' as const, rho: 0.3 }]
  const values = [{ value: 's2', candidate: noisy }, { value: 's5', candidate: noisy }, { value: 's0', candidate: bce }] // biome-ignore format: one line
  const loss: LossJob = { mode: 'assigned', field: 'slice', values, others: bce }
  const { train, candidates } = planOf({ kind: 'lr' }, sizes, loss)
  assert.deepEqual(candidates, ['bce_noisy(0.3)', 'bce'])
  const given = valuesOf({ kind: 'lr' }, sizes, loss, 6)
  given.get('ids')!.data.set([5, 2, 1, 5, 5, 0, 2, 3, 2, 1, 5, 6]) // the slice is the second column: 2 5 0 3 1 6
  const sums = run(train, 6, given).outputs.get('candidates')!
  assert.deepEqual([...sums.subarray(0, 2)], [2, 4])
  const elsewhere: LossJob = { ...loss, values: [{ value: 's4', candidate: noisy }] }
  assert.throws(() => planOf({ kind: 'lr' }, sizes, elsewhere), {
    code: 'controller-field',
    message: /a value of slice .* got 's4'; did you mean s0\?/,
  })
})

test('a frozen controller weighs and learns nothing', () => {
  const { train, controller } = planOf(deepfm, sizes, searchOf(clickCandidates, { frozen: true, from: 'run' }))
  assert.deepEqual([controller?.search, controller?.validate], [null, null])
  assert.ok(train.inputs.includes('controller'))
})

test('the validation program computes the objective and its gradients without dropout, and has no controller', () => {
  const cases = [[sizes, clickCandidates, 'logloss'], [sizes, clickCandidates, 'auc'], [{ ...sizes, classes: 3 }, classCandidates, 'logloss']] as const // biome-ignore format: one line
  for (const [sizes, candidates, objective] of cases) {
    const loss = searchOf([...candidates], { objective })
    const model: ModelChoice = { ...deepfm, dropout: 0.5 }
    const program: Program = planOf(model, sizes, loss).controller!.validate!
    assert.deepEqual([program.inputs, program.outputs], [['ids', 'numbers', 'labels'], ['objective']])
    const validation = buildValidationGraph(model, sizes, objective)
    const values = valuesOf(model, sizes, loss, MAX_BATCH)
    const got = run(program, MAX_BATCH, values)
    const wanted = evaluate([validation.objective, ...validation.gradients], { values: values as Map<string, Value>, batch: MAX_BATCH })
    near('objective', got.outputs.get('objective'), (wanted[0] as DenseValue).data)
    const dense = validation.graph.parameters.map((leaf, i) => [nameOf(leaf), wanted[i + 1] as DenseValue] as const)
    for (const [name, { data }] of dense) near(name, got.gradients.get(name), data)
  }
})
