import assert from 'node:assert/strict'
import { test } from 'node:test'
import { firstDerivative, secondDerivative } from './check-gradient.js'
import { defineModel, type ModelDefinition } from './define-model.js'
import { innerSize, nameOf, nodesOf, type Tensor } from './graph.js'
import { bceAlone } from './losses/bce.js'
import { buildModel, buildPredictGraph, buildTrainingGraph, type InputSizes, type ModelChoice } from './model.js'
import { models } from './models/index.js'
import type { DenseValue, Value } from './op.js'
import { reshape } from './ops/reshape.js'
import { add } from './ops/scalar-functions.js'
import { initialRows } from './philox.js'
import { evaluate } from './reference.js'

const small: InputSizes = { fields: 3, numbers: 2, rows: 9 }
const batch = 6
const deepfm: ModelChoice = { kind: 'deepfm', embedding: 4, hidden: [5, 3], dropout: 0.25 }

/** Values for every leaf: weights of size 1, ids with repeats, labels of both kinds. */
function values(leaves: readonly Tensor[], rows: number): Map<string, Value> {
  const numbers = (leaf: Tensor) => {
    const shape = leaf.shape.map((dim) => (dim === 'B' ? batch : dim))
    const size = innerSize(shape)
    const draws = initialRows({ kind: 'uniform', bound: 1 }, 5n, nameOf(leaf), 0, 1, size)
    if (leaf.dtype === 'i64') return { shape, data: Float64Array.from(draws, (value) => Math.floor(((value + 1) / 2) * rows)) }
    return { shape, data: Float64Array.from(draws, (value) => (nameOf(leaf) === 'labels' ? Number(value > 0) : value)) }
  }
  return new Map(leaves.map((leaf) => [nameOf(leaf), numbers(leaf)]))
}

const every: readonly ModelChoice[] = [
  { kind: 'lr' },
  { kind: 'fm', embedding: 4 },
  deepfm,
  { ...deepfm, kind: 'wide-and-deep' },
  { ...deepfm, kind: 'ipnn' },
  { ...deepfm, kind: 'dcn-v2', crosses: 2 },
]

test('no built-in model is left out', () => {
  assert.deepEqual(
    every.map(({ kind }) => kind),
    Object.keys(models),
  )
})

for (const choice of every)
  for (const numbers of [0, 2])
    test(`${choice.kind} with ${numbers} numbers: gradients of the loss in all weights, and of those, against finite differences`, () => {
      const { graph, loss, parameters, tables, gradients } = buildTrainingGraph(choice, { ...small, numbers }, bceAlone)
      assert.deepEqual(
        gradients.map((gradient) => [gradient.shape, gradient.rowsOf]),
        [...parameters.map(({ shape }) => [shape, undefined]), ...tables.map((table) => [table.shape, nameOf(table)])],
      )
      const at = { values: values([...graph.inputs, ...parameters, ...tables], small.rows), batch, randomness: { seed: 1n, step: 2, lane: 3 } }
      for (const derivative of [firstDerivative, secondDerivative]) {
        const { ruled, measured } = derivative(loss, [...parameters, ...tables], at)
        assert.ok(Math.abs(ruled - measured) < 1e-6 * (1 + Math.abs(measured)), `${derivative.name}: rule ${ruled}, measured ${measured}`)
      }
    })

test('DeepFM computes what plain loops compute', () => {
  const { graph, logits } = buildPredictGraph(deepfm, small)
  const given = values([...graph.inputs, ...graph.parameters, ...graph.tables], small.rows)
  const of = (name: string) => (given.get(name) as DenseValue).data
  const width = 4
  const [found] = evaluate([logits], { values: given, batch }) as [DenseValue]
  for (let n = 0; n < batch; n++) {
    const ids = of('ids').subarray(n * 3, n * 3 + 3)
    const x = of('numbers').subarray(n * 2, n * 2 + 2)
    const e = [...ids].map((id) => of('embedding').subarray(id * width, (id + 1) * width))
    for (const [i, value] of x.entries())
      e.push(
        of('embedding.numbers')
          .subarray(i * width, (i + 1) * width)
          .map((v) => v * value),
      )
    let z = of('bias')[0]!
    for (const id of ids) z += of('first')[id]!
    for (const [i, value] of x.entries()) z += value * of('first.numbers')[i]!
    for (const [i, a] of e.entries()) for (const b of e.slice(i + 1)) for (let d = 0; d < width; d++) z += a[d]! * b[d]!
    let h = e.flatMap((vector) => [...vector])
    for (const [layer, units] of [5, 3, 1].entries()) {
      // The first layer's weights of the numbers are a parameter of their own, as if stacked under those of the fields.
      const weight = layer === 0 ? [...of('mlp.0.weight'), ...of('mlp.0.numbers')] : of(`mlp.${layer}.weight`)
      const bias = of(`mlp.${layer}.bias`)
      const sums = Array.from({ length: units }, (_, j) => h.reduce((sum, value, i) => sum + value * weight[i * units + j]!, bias[j]!))
      h = units === 1 ? sums : sums.map((value) => Math.max(value, 0))
    }
    assert.ok(Math.abs(found.data[n]! - z - h[0]!) < 1e-12)
  }
})

for (const choice of every)
  for (const numbers of [0, 2])
    test(`${choice.kind} with ${numbers} numbers: of three classes each is the model of one with that class's weights`, () => {
      const classes = 3
      const { graph, logits } = buildPredictGraph(choice, { ...small, numbers, classes })
      assert.deepEqual(logits.shape, ['B', classes])
      const leaves = [...graph.inputs, ...graph.parameters, ...graph.tables]
      const given = values(leaves, small.rows)
      const ofClasses = graph.parameters.find((leaf) => nameOf(leaf) === 'fm.classes')
      // Where every part of FM's sum counts once, the sum is that of the model of one class.
      if (ofClasses) given.set('fm.classes', { shape: ofClasses.shape as number[], data: new Float64Array(innerSize(ofClasses.shape)).fill(1) })
      const [found] = evaluate([logits], { values: given, batch }) as [DenseValue]
      const one = buildPredictGraph(choice, { ...small, numbers })
      for (let c = 0; c < classes; c++) {
        const ofOne = new Map(given)
        for (const leaf of [...one.graph.parameters, ...one.graph.tables]) {
          const { shape, data } = given.get(nameOf(leaf)) as DenseValue
          if (shape.at(-1) !== classes || leaf.shape.at(-1) === classes) continue
          ofOne.set(nameOf(leaf), { shape: shape.with(-1, 1), data: data.filter((_, at) => at % classes === c) })
        }
        const [wanted] = evaluate([one.logits], { values: ofOne, batch }) as [DenseValue]
        for (let n = 0; n < batch; n++) assert.ok(Math.abs(found.data[n * classes + c]! - wanted.data[n]!) < 1e-12, `class ${c}, example ${n}`)
      }
      const { ruled, measured } = firstDerivative(logits, [...graph.parameters, ...graph.tables], { values: given, batch })
      assert.ok(Math.abs(ruled - measured) < 1e-6 * (1 + Math.abs(measured)), `rule ${ruled}, measured ${measured}`)
    })

test('parameter counts on the Criteo shapes', () => {
  const counts = (choice: ModelChoice, sizes: InputSizes) => {
    const { graph } = buildPredictGraph(choice, sizes)
    const count = (leaves: readonly Tensor[]) => leaves.reduce((sum, { shape }) => sum + innerSize(shape), 0)
    return [count(graph.parameters), count(graph.tables)]
  }
  const binned = { fields: 39, numbers: 0, rows: 1 << 18 }
  const normalised = { fields: 26, numbers: 13, rows: 1000 }
  assert.deepEqual(counts({ kind: 'lr' }, binned), [1, 1 << 18])
  assert.deepEqual(counts({ kind: 'fm', embedding: 16 }, binned), [1, 17 << 18])
  const mlp = (sizes: number[]) => sizes.slice(1).reduce((sum, size, i) => sum + (sizes[i]! + 1) * size, 0)
  assert.deepEqual(counts({ kind: 'deepfm' }, binned), [1 + mlp([624, 128, 128, 1]), 17 << 18])
  const wide: ModelChoice = { kind: 'deepfm', embedding: 16, hidden: [400, 400, 400], dropout: 0 }
  assert.deepEqual(counts(wide, normalised), [1 + 13 + 13 * 16 + mlp([624, 400, 400, 400, 1]), 17_000])
})

test('training and prediction have the same leaves; only training drops out', () => {
  const training = buildTrainingGraph(deepfm, small, bceAlone)
  const predict = buildPredictGraph(deepfm, small)
  const leaves = ({ parameters, tables }: { parameters: readonly Tensor[]; tables: readonly Tensor[] }) =>
    [...parameters, ...tables].map(({ attributes, shape }) => ({ attributes, shape }))
  assert.deepEqual(leaves(training), leaves(predict.graph))
  const drops = (outputs: readonly Tensor[]) => nodesOf(outputs).filter((node) => node.op === 'dropout_mask').length
  assert.deepEqual([drops([training.loss, ...training.gradients]), drops([predict.logits])], [2, 0])
  assert.deepEqual(training.graph.inputs.map(nameOf), ['ids', 'numbers', 'labels'])
  assert.deepEqual(predict.graph.inputs.map(nameOf), ['ids', 'numbers'])
})

const custom = <Options extends object>(definition: ModelDefinition<Options>, options: Record<string, unknown> = {}): ModelChoice => ({
  kind: 'file',
  definition: definition as unknown as ModelDefinition,
  options,
})

test('a model of a user is built like the built-in ones', () => {
  const definition = defineModel({
    defaults: { units: 2, name: 'tower' },
    build(inputs, { units, name }, layers) {
      const e = layers.embedding(inputs, units)
      const gate = layers.parameter('gate', [1], { kind: 'constant', value: 1 })
      return add(reshape(layers.dense(reshape(e, ['B', innerSize(e.shape)]), 1, { name }), ['B']), gate)
    },
  })
  const { parameters, tables } = buildTrainingGraph(custom(definition, { units: 7 }), { fields: 3, numbers: 0, rows: 9 }, bceAlone)
  assert.deepEqual(parameters.map(nameOf), ['gate', 'tower.weight', 'tower.bias'])
  assert.deepEqual(
    tables.map(({ shape }) => shape),
    [[9, 7]],
  )
})

test('models and options that cannot be are refused', () => {
  const column = defineModel({ defaults: {}, build: (inputs, _, layers) => layers.mlp(inputs.numbers!, { hidden: [] }) })
  const idle = defineModel({
    defaults: {},
    build(inputs, _, layers) {
      layers.table('idle', 2, { kind: 'zeros' })
      return layers.linear(inputs)
    },
  })
  const refusals: [choice: ModelChoice, message: string][] = [
    [{ kind: 'fm', width: 3 }, "[model] wanted options of embedding, got 'width'"],
    [{ kind: 'lr', width: 3 }, "[model] wanted options of no name, got 'width'"],
    [{ kind: 'fm', embedding: '16' }, '[model] wanted embedding like 16, got "16"'],
    [{ kind: 'deepfm', hidden: [128, '64'] }, '[model] wanted hidden like [128,128], got [128,"64"]'],
    [{ kind: 'deepfm', hidden: 128 }, '[model] wanted hidden like [128,128], got 128'],
    [{ kind: 'deepfm', dropout: 1 }, '[dropout_mask] wanted a rate from 0 to below 1, got 1'],
    [{ kind: 'fm', embedding: 1.5 }, '[table] wanted whole dimensions from 1, B only in front, got [9, 1.5]'],
    [{ kind: 'nfm' } as unknown as ModelChoice, "[model] wanted one of lr, fm, deepfm, wide-and-deep, ipnn, dcn-v2, got 'nfm'"],
    [custom(column), '[model] wanted logits [B], got [B, 1]'],
    [custom(idle), '[model] wanted a loss that depends on every parameter, got idle unused'],
  ]
  for (const [choice, message] of refusals) assert.throws(() => buildTrainingGraph(choice, small, bceAlone), { kind: 'config', message })
  assert.throws(() => buildModel({ kind: 'file', definition: column as ModelDefinition, options: {} }, small, false), { code: 'bad-shape' })
  const blind = defineModel({ defaults: {}, build: (inputs, _, layers) => layers.mlp(inputs.numbers!, { hidden: [], units: 2 }) })
  for (const [classes, wanted] of [
    [1, '[B]'],
    [3, '[B, 3]'],
  ] as const)
    assert.throws(() => buildModel(custom(blind), { ...small, classes }, false), { message: `[model] wanted logits ${wanted}, got [B, 2]` })
})
