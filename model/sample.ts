/**
 * Samples: the graphs that the op loop runs every op on. A sample builds one node from inputs it asks for by shape and by how their
 * numbers are drawn; buildSample makes the graph and draws the numbers, the same ones everywhere.
 */
import { type Dim, Graph, innerSize, nameOf, type Shape, type Tensor } from './graph.js'
import type { DenseValue } from './op.js'
import { philox, philoxKey, philoxUniform } from './philox.js'

export interface Sample {
  readonly title: string
  /** False where finite differences cannot check the gradient: extreme values. 'once': nor the gradient of the gradient. Default true. */
  readonly differentiable?: boolean | 'once'
  build(make: SampleMaker): Tensor
}

export interface SampleMaker {
  /** A float input; default draw: normal. */
  input(shape: Shape, draw?: Draw): Tensor
  /** Ids below `rows`, some of them equal. */
  ids(fields: number, rows: number): Tensor
  table(rows: number, width: number): Tensor
}

/** Number `index` of an input from a uniform source. */
export type Draw = (uniform: () => number, index: number) => number

export const normal: Draw = (uniform) => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform())
/** In [0.2, 2.2): logarithms, roots, denominators. */
export const positive: Draw = (uniform) => 0.2 + 2 * uniform()
/** In ±[0.2, 2.2): functions with a kink or a pole at 0. */
export const awayFromZero: Draw = (uniform) => (0.2 + 2 * uniform()) * (uniform() < 0.5 ? -1 : 1)
/** Zeros of both signs, tiny, huge and infinite numbers, then normal ones. */
export const nasty: Draw = (uniform, index) => nastyNumbers[index % 16] ?? normal(uniform, index)
/** Zero, tiny and huge, none negative. */
export const nastyPositive: Draw = (uniform, index) => Math.abs(nasty(uniform, index))
const nastyNumbers = [0, -0, 1e-30, -1e-30, 100, -100, 17, -17, 3e38, -3e38, Infinity, -Infinity, 1, -1]

export interface BuiltSample {
  readonly graph: Graph
  readonly output: Tensor
  /** Values of the inputs and tables by name, rounded to float32, for a batch of this size. */
  values(batch: number): Map<string, DenseValue>
}

export function buildSample(sample: Sample): BuiltSample {
  const graph = new Graph()
  const draws = new Map<string, { leaf: Tensor; draw: Draw }>()
  const remember = (leaf: Tensor, draw: Draw) => {
    draws.set(nameOf(leaf), { leaf, draw })
    return leaf
  }
  const output = sample.build({
    input: (shape, draw = normal) => remember(graph.input(`x${graph.inputs.length}`, shape), draw),
    ids: (fields, rows) => remember(graph.input(`x${graph.inputs.length}`, ['B', fields], 'i64'), (uniform) => Math.floor(rows * uniform() ** 2)),
    table: (rows, width) => remember(graph.table(`table${graph.tables.length}`, rows, width, { kind: 'zeros' }), normal),
  })
  const values = (batch: number) => new Map([...draws].map(([name, { leaf, draw }]) => [name, drawValue(name, leaf.shape, draw, batch)]))
  return { graph, output, values }
}

function drawValue(name: string, shape: Shape, draw: Draw, batch: number): DenseValue {
  const key = philoxKey(0n, `sample/${name}`)
  let drawn = 0
  const uniform = () => philoxUniform(philox([drawn++, 0, 0, 0], key)[0])
  const size = innerSize(shape) * (shape[0] === 'B' ? batch : 1)
  return {
    shape: shape.map((dim: Dim) => (dim === 'B' ? batch : dim)),
    data: Float64Array.from({ length: size }, (_, index) => Math.fround(draw(uniform, index))),
  }
}
