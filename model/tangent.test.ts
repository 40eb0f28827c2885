import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gradients } from './autodiff.js'
import { Graph, innerSize, nameOf, type Tensor } from './graph.js'
import { buildModel, type ModelChoice } from './model.js'
import type { DenseValue, Value } from './op.js'
import { lookup } from './ops/lookup.js'
import { matmul } from './ops/matmul.js'
import { reduceSum } from './ops/reduce-sum.js'
import { reshape } from './ops/reshape.js'
import { add, exp, max, mul, tanh } from './ops/scalar-functions.js'
import { initialRows } from './philox.js'
import { evaluate } from './reference.js'
import { exampleTangents, forwardTangent } from './tangent.js'

const BATCH = 5
const ROWS = 7
const randomness = { seed: 3n, step: 4, lane: 1 }

/** Numbers in ±1 by name, ids with repeats. */
function valueFor(leaf: Tensor): DenseValue {
  const shape = leaf.shape.map((dim) => (dim === 'B' ? BATCH : dim))
  const draws = initialRows({ kind: 'uniform', bound: 1 }, 9n, nameOf(leaf), 0, 1, innerSize(leaf.shape) * (leaf.shape[0] === 'B' ? BATCH : 1))
  return { shape, data: Float64Array.from(draws, (draw) => (leaf.dtype === 'i64' ? Math.floor(((draw + 1) / 2) * ROWS) : draw)) }
}

function directionsOf(graph: Graph): Map<Tensor, Tensor> {
  return new Map([...graph.parameters, ...graph.tables].map((leaf) => [leaf, graph.tangentOf(leaf)]))
}

/** ∇_W of one logit times V, by one backward pass for every logit. */
function slowly(graph: Graph, logits: Tensor, values: ReadonlyMap<string, Value>): number[] {
  const pick = graph.input('pick', logits.shape)
  const leaves = [...graph.parameters, ...graph.tables]
  const found = gradients(logits, leaves, pick)
  const width = innerSize(logits.shape)
  return Array.from({ length: BATCH * width }, (_, n) => {
    const picked = { shape: logits.shape.map((dim) => (dim === 'B' ? BATCH : dim)), data: new Float64Array(BATCH * width) }
    picked.data[n] = 1
    const each = evaluate(found, { values: new Map(values).set('pick', picked), batch: BATCH, randomness })
    return each.reduce((sum, gradient, i) => sum + inner(gradient, values.get(`tangent of ${nameOf(leaves[i]!)}`) as DenseValue), 0)
  })
}

function inner(gradient: Value, v: DenseValue): number {
  if ('data' in gradient) return gradient.data.reduce((sum, g, i) => sum + g * v.data[i]!, 0)
  let sum = 0
  for (const [row, numbers] of gradient.rows) for (const [i, g] of numbers.entries()) sum += g * v.data[row * numbers.length + i]!
  return sum
}

function compare(graph: Graph, logits: Tensor): void {
  const directions = directionsOf(graph)
  const values = new Map([...graph.inputs, ...directions.keys(), ...directions.values()].map((leaf) => [nameOf(leaf), valueFor(leaf)]))
  const wanted = slowly(graph, logits, values)
  const c = graph.input('c', logits.shape)
  values.set('c', valueFor(c))
  const ways = logits.shape.length === 1 ? { exampleTangents, forwardTangent } : { forwardTangent }
  for (const [name, way] of Object.entries(ways)) {
    const [got] = evaluate([way(logits, directions, c)], { values, batch: BATCH, randomness }) as [DenseValue]
    assert.equal(got.data.length, wanted.length)
    wanted.forEach((number, n) => {
      assert.ok(Math.abs(got.data[n]! - number) < 1e-10 * (1 + Math.abs(number)), `${name}: wanted ${number}, got ${got.data[n]}`)
    })
  }
}

const mlp = { embedding: 4, hidden: [6, 5], dropout: 0.3 }
const choices: ModelChoice[] = [
  { kind: 'lr' },
  { kind: 'fm', embedding: 4 },
  { kind: 'deepfm', ...mlp },
  { kind: 'wide-and-deep', ...mlp },
  { kind: 'ipnn', ...mlp },
  { kind: 'dcn-v2', crosses: 2, ...mlp },
]
for (const choice of choices)
  for (const [numbers, classes] of [[0, 1], [3, 1], [3, 3]] as const) // biome-ignore format: one line
    test(`${choice.kind} with ${numbers} numbers, classes ${classes}: every logit moves as its own gradient says`, () => {
      const { graph, logits } = buildModel(choice, { fields: 3, numbers, rows: ROWS, classes }, true)
      compare(graph, logits)
    })

test('a weight that is used twice, through functions of weights alone, and a table that is read twice', () => {
  const graph = new Graph()
  const init = { kind: 'zeros' } as const
  const w = graph.parameter('w', [4, 4], init)
  const scale = graph.parameter('scale', [], init)
  const table = graph.table('table', ROWS, 2, init)
  const x = graph.input('x', ['B', 4])
  const e = [lookup(table, graph.input('ids', ['B', 2], 'i64')), lookup(table, graph.input('others', ['B', 2], 'i64'))] as const
  const mixed = matmul(tanh(w), exp(mul(w, scale)))
  const h = max(add(matmul(tanh(matmul(x, w)), mixed), reshape(mul(e[0], e[1]), ['B', 4])), reduceSum(w, 0))
  compare(graph, mul(reduceSum(h, 1), scale))
})

test('a model that looks at its whole batch: what examples give each other counts', () => {
  const graph = new Graph()
  const w = graph.parameter('w', [4, 1], { kind: 'zeros' })
  const h = reshape(matmul(graph.input('x', ['B', 4]), w), ['B'])
  compare(graph, add(mul(h, h), exp(reduceSum(h, 0))))
})
