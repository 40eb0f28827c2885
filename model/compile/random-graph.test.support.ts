/** Random graphs for the compiler's property tests: a few dozen ops over a model's usual shapes, with gradients. The same for a seed. */
import { gradients } from '../autodiff.js'
import { Graph, nameOf, type Shape, sameShape, type Tensor } from '../graph.js'
import type { DenseValue } from '../op.js'
import { broadcastShape } from '../ops/broadcasting.js'
import { concat } from '../ops/concat.js'
import { lookup } from '../ops/lookup.js'
import { matmul } from '../ops/matmul.js'
import { reduceSum } from '../ops/reduce-sum.js'
import { reshape } from '../ops/reshape.js'
import * as scalar from '../ops/scalar-functions.js'
import { slice } from '../ops/slice.js'
import { transpose } from '../ops/transpose.js'
import { philox, philoxKey, philoxUniform } from '../philox.js'

export interface RandomGraph {
  readonly graph: Graph
  readonly outputs: Readonly<Record<string, Tensor>>
  readonly gradients: ReadonlyMap<string, Tensor>
  values(batch: number): Map<string, DenseValue>
}

const FIELDS = 3
const ROWS = 7
const INIT = { kind: 'zeros' } as const

export function randomGraph(seed: number, nodes = 24): RandomGraph {
  const uniform = uniformSource(seed)
  const pick = <T>(from: readonly T[]): T => from[Math.floor(uniform() * from.length)] as T
  const graph = new Graph()
  const table = graph.table('table', ROWS, 4, INIT)
  const ids = graph.input('ids', ['B', FIELDS], 'i64')
  const leaves = [
    lookup(table, ids),
    graph.input('column', ['B']),
    graph.input('rows', ['B', 12]),
    graph.parameter('scale', [1], INIT),
    graph.parameter('bias', [4], INIT),
    graph.parameter('fields', [FIELDS, 4], INIT),
  ]
  const weights = [graph.parameter('wide', [12, 5], INIT), graph.parameter('square', [12, 12], INIT)]
  const pool = [...leaves]
  // Later tensors are likelier, so that chains grow long.
  const recent = () => pool[Math.floor(pool.length * Math.sqrt(uniform()))] as Tensor
  while (pool.length < nodes + leaves.length) {
    const next = pick([unary, binary, binary, binary, structural])(pick, recent, weights)
    if (next && next.shape.length > 0) pool.push(next)
  }
  const outputs = { first: recent(), second: recent(), third: recent() }
  const loss = Object.values(outputs)
    .map(total)
    .reduce((a, b) => scalar.add(a, b))
  const wanted = graph.parameters.map((parameter, i) => [nameOf(parameter), gradients(loss, graph.parameters)[i] as Tensor] as const)
  const withTable = scalar.add(loss, total(leaves[0] as Tensor))
  return {
    graph,
    outputs: { loss, ...outputs },
    gradients: new Map([...wanted, ['table', gradients(withTable, [table])[0] as Tensor]]),
    values: (batch) => valuesOf(graph, batch, uniformSource(seed + 1)),
  }
}

type Pick = <T>(from: readonly T[]) => T

function unary(pick: Pick, recent: () => Tensor): Tensor {
  const x = recent()
  const { neg, square, abs, sigmoid, tanh, softplus, relu, mul, add, exp } = scalar
  const bounded = tanh(x)
  return pick([neg(x), square(bounded), abs(x), sigmoid(x), bounded, softplus(x), relu(x), mul(x, 0.5), mul(x, -1), add(x, 1), exp(bounded)])
}

function binary(pick: Pick, recent: () => Tensor): Tensor | null {
  const [a, b] = [recent(), recent()]
  try {
    broadcastShape('random', [a.shape, b.shape])
  } catch {
    return null
  }
  const { add, sub, mul, max, min, tanh } = scalar
  return pick([add(a, b), sub(a, b), mul(tanh(a), tanh(b)), max(a, b), min(a, b), mul(tanh(a), b)])
}

function structural(pick: Pick, recent: () => Tensor, weights: readonly Tensor[]): Tensor | null {
  const x = recent()
  const { shape } = x
  const axes = [...shape.keys()].filter((axis) => axis > 0)
  if (axes.length === 0) return null
  const axis = pick(axes)
  const size = shape[axis] as number
  const choices: (() => Tensor | null)[] = [
    () => (shape.length > 1 ? scalar.mul(reduceSum(x, axis, { keepDims: true }), 1 / size) : null),
    () => (size > 1 ? slice(x, axis, pick([0, 1]), size - 1) : null),
    () => (size < 12 ? concat([x, x], axis) : null),
    () => (shape.length === 3 ? transpose(x) : null),
    () => (sameShape(shape, ['B', 12]) ? reshape(x, ['B', FIELDS, 4]) : null),
    () => (sameShape(shape, ['B', FIELDS, 4]) ? reshape(x, ['B', 12]) : null),
    () => (sameShape(shape, ['B', 12]) ? scalar.mul(matmul(x, pick(weights)), 0.25) : null),
  ]
  return pick(choices)()
}

function total(x: Tensor): Tensor {
  let sum = scalar.tanh(x)
  while (sum.shape.length > 0) sum = reduceSum(sum, 0)
  return sum
}

function valuesOf(graph: Graph, batch: number, uniform: () => number): Map<string, DenseValue> {
  const leaves = [...graph.inputs, ...graph.parameters, ...graph.tables]
  return new Map(
    leaves.map((leaf) => {
      const shape = leaf.shape.map((dim) => (dim === 'B' ? batch : dim))
      const draw = leaf.dtype === 'i64' ? () => Math.floor(uniform() * ROWS) : () => Math.fround(2 * uniform() - 1)
      return [nameOf(leaf), { shape, data: Float64Array.from({ length: elements(shape) }, draw) }]
    }),
  )
}

const elements = (shape: Shape): number => (shape as number[]).reduce((size, dim) => size * dim, 1)

function uniformSource(seed: number): () => number {
  const key = philoxKey(BigInt(seed), 'random-graph')
  let drawn = 0
  return () => philoxUniform(philox([drawn++, 0, 0, 0], key)[0])
}
