import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Graph, nodesOf } from '../graph.js'
import type { DenseValue } from '../op.js'
import { evaluate } from '../reference.js'
import { buildSample } from '../sample.js'
import { fm } from './fm.js'
import { Layers } from './layers.js'

const scope = { graph: new Graph(), training: true, rows: 1, classes: 1 }

test('fm is the sum of the inner products of all pairs', () => {
  const [batch, fields, width] = [4, 7, 5]
  const { output, values } = buildSample({ title: 'fm', build: (make) => fm(scope, make.input(['B', fields, width])) })
  const given = values(batch)
  const e = given.get('x0')!.data
  const [found] = evaluate([output], { values: given, batch }) as [DenseValue]
  for (let n = 0; n < batch; n++) {
    let pairs = 0
    for (let i = 0; i < fields; i++)
      for (let j = i + 1; j < fields; j++)
        for (let d = 0; d < width; d++) pairs += e[(n * fields + i) * width + d]! * e[(n * fields + j) * width + d]!
    assert.ok(Math.abs(found.data[n]! - pairs) < 1e-12)
  }
})

test('dropout keeps the mean, differs by step, lane and name, and is absent outside of training', () => {
  const graph = new Graph()
  const x = graph.input('x', ['B', 50])
  const layers = new Layers({ graph, training: true, rows: 1, classes: 1 })
  const outputs = [layers.dropout(x, 0.3, 'a'), layers.dropout(x, 0.3, 'b')]
  const values = new Map([['x', { shape: [100, 50], data: new Float64Array(5000).fill(1) }]])
  const draw = (step: number, lane: number) => evaluate(outputs, { values, batch: 100, randomness: { seed: 3n, step, lane } }) as DenseValue[]
  const [a, b] = draw(1, 0)
  assert.ok(a!.data.every((value) => value === 0 || value === 1 / 0.7))
  // 5000 units kept with probability 0.7: the share strays by 0.0065; four of those are allowed.
  const kept = a!.data.filter((value) => value > 0).length / 5000
  assert.ok(Math.abs(kept - 0.7) < 0.026, `kept ${kept}`)
  for (const other of [b, draw(2, 0)[0], draw(1, 1)[0]]) assert.notDeepEqual(other!.data, a!.data)
  assert.deepEqual(draw(1, 0)[0]!.data, a!.data)
  // A step past 2^32 and a high lane use other bits of the counter.
  assert.notDeepEqual(draw(1 + 2 ** 32, 0)[0]!.data, a!.data)

  assert.throws(() => layers.dropout(x, 0.3, 'a'), { code: 'name-taken' })
  assert.equal(new Layers({ graph: new Graph(), training: false, rows: 1, classes: 1 }).dropout(x, 0.3), x)
})

test('mlp names its parameters by layer and draws them like torch.nn.Linear', () => {
  const graph = new Graph()
  const layers = new Layers({ graph, training: true, rows: 1, classes: 1 })
  const out = layers.mlp(graph.input('x', ['B', 16]), { hidden: [4, 3], dropout: 0.5 })
  assert.deepEqual(out.shape, ['B', 1])
  assert.deepEqual(
    graph.parameters.map(({ attributes, shape }) => [attributes.name, shape, attributes.init]),
    [
      ['mlp.0.weight', [16, 4], { kind: 'uniform', bound: 1 / 4 }],
      ['mlp.0.bias', [4], { kind: 'uniform', bound: 1 / 4 }],
      ['mlp.1.weight', [4, 3], { kind: 'uniform', bound: 1 / 2 }],
      ['mlp.1.bias', [3], { kind: 'uniform', bound: 1 / 2 }],
      ['mlp.2.weight', [3, 1], { kind: 'uniform', bound: 1 / Math.sqrt(3) }],
      ['mlp.2.bias', [1], { kind: 'uniform', bound: 1 / Math.sqrt(3) }],
    ],
  )
  const masks = nodesOf([out]).filter((node) => node.op === 'dropout_mask')
  assert.deepEqual(
    masks.map((mask) => mask.attributes),
    [
      { width: 4, rate: 0.5, purpose: 'dropout/mlp.0' },
      { width: 3, rate: 0.5, purpose: 'dropout/mlp.1' },
    ],
  )
})

test('layers refuse what they are not made for', () => {
  const graph = new Graph()
  const layers = new Layers({ graph, training: true, rows: 10, classes: 1 })
  const e = graph.input('e', ['B', 3, 4])
  assert.throws(() => layers.dense(e, 2), { message: '[dense] wanted x [B, in], got [B, 3, 4]' })
  assert.throws(() => layers.dropout(e, 0.1), { message: '[dropout] wanted x [B, width], got [B, 3, 4]' })
})
