/** A user's model file, written with the public names only. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as lossmith from './index.js'
import { bceAlone } from './losses/bce.js'
import { buildTrainingGraph } from './model.js'
import { evaluate } from './reference.js'

const { add, defineModel, lookup, mul, reduceSum, reshape, sigmoid } = lossmith

/** A gate of its own table weighs each field's embedding before the fields meet. */
const gatedFm = defineModel({
  defaults: { embedding: 3 },
  build(inputs, { embedding }, layers) {
    const gate = sigmoid(lookup(layers.table('gate', 1, { kind: 'zeros' }), inputs.ids))
    return add(layers.linear(inputs), layers.fm(mul(layers.embedding(inputs, embedding), gate)))
  },
})

test('a model of public pieces trains like the built-in ones', () => {
  const sizes = { fields: 2, numbers: 0, rows: 4 }
  const definition = gatedFm as unknown as lossmith.ModelDefinition
  const { logits, loss, tables, gradients } = buildTrainingGraph({ kind: 'file', definition, options: {} }, sizes, bceAlone)
  assert.deepEqual(
    tables.map(({ attributes, shape }) => [attributes.name, shape]),
    [
      ['gate', [4, 1]],
      ['first', [4, 1]],
      ['embedding', [4, 3]],
    ],
  )
  const filled = (shape: number[], value: number) => ({ shape, data: new Float64Array(shape.reduce((size, dim) => size * dim, 1)).fill(value) })
  const values = new Map([
    ['ids', { shape: [1, 2], data: new Float64Array([1, 2]) }],
    ['labels', filled([1], 1)],
    ['bias', filled([1], 0.25)],
    ['first', filled([4, 1], 0)],
    ['gate', filled([4, 1], 0)],
    ['embedding', filled([4, 3], 2)],
  ])
  const [z, l, ...found] = evaluate([logits, loss, ...gradients], { values, batch: 1 })
  // Gates of σ(0) = ½ make embeddings of 1: the only pair gives 3.
  assert.deepEqual(z, { shape: [1], data: Float64Array.of(3.25) })
  assert.ok(Math.abs((l as { data: Float64Array }).data[0]! - Math.log1p(Math.exp(-3.25))) < 1e-15)
  assert.deepEqual(
    found.map((gradient) => ('rows' in gradient ? [...gradient.rows.keys()] : 'dense')),
    ['dense', [1, 2], [1, 2], [1, 2]],
  )
})

test('the index has what its names promise', () => {
  const x = reshape(lossmith.constant(2, ['B', 3]), ['B', 3, 1])
  assert.deepEqual(reduceSum(lossmith.transpose(x), -1).shape, ['B', 1])
  assert.throws(() => lossmith.matmul(x, x), { code: 'bad-shape' })
})
