/** For tests: a whole training step in float64, by the reference interpreter and the formulas of native/engine/state/optimizer.h. */
import { nameOf } from '../../model/graph.js'
import type { TrainingGraph } from '../../model/model.js'
import type { DenseValue, RowsValue, Value } from '../../model/op.js'
import { initialRows } from '../../model/philox.js'
import type { OptimizerSpec } from '../../model/plan.js'
import { evaluate } from '../../model/reference.js'
import type { MemoryBatch } from './training-world.test.support.js'

interface Weights {
  shape: readonly number[]
  w: Float64Array
  m: Float64Array
  v: Float64Array
}

export class ReferenceTrainer {
  readonly weights = new Map<string, Weights>()
  private readonly graph: TrainingGraph
  private readonly optimizer: OptimizerSpec
  private readonly seed: bigint

  constructor(graph: TrainingGraph, optimizer: OptimizerSpec, seed: bigint) {
    this.graph = graph
    this.optimizer = optimizer
    this.seed = seed
    for (const leaf of [...graph.parameters, ...graph.tables]) {
      const shape = leaf.shape as number[]
      const width = shape.at(-1) ?? 1
      const size = shape.reduce((a, b) => a * b, 1)
      const w = Float64Array.from(initialRows(leaf.attributes.init as never, seed, nameOf(leaf), 0, size / width, width))
      const v = new Float64Array(size).fill(optimizer.kind === 'adagrad' ? optimizer.initial : 0)
      this.weights.set(nameOf(leaf), { shape, w, m: new Float64Array(size), v })
    }
  }

  /** One step over the lanes' batches (undefined: the lane has none); the sum of losses. */
  step(step: number, lanes: readonly (MemoryBatch | undefined)[]): number {
    const sums = new Map<string, Map<number, number>>()
    let loss = 0
    let examples = 0
    for (const [lane, batch] of lanes.entries()) {
      if (!batch) continue
      const B = batch.labels.length
      examples += B
      const values = new Map<string, Value>([...this.weights].map(([name, { shape, w }]) => [name, { shape, data: w }]))
      values.set('labels', { shape: [B], data: Float64Array.from(batch.labels) })
      values.set('ids', { shape: [B, batch.ids.length / B], data: Float64Array.from(batch.ids, Number) })
      if (batch.numbers.length > 0) values.set('numbers', { shape: [B, batch.numbers.length / B], data: Float64Array.from(batch.numbers) })
      const [value, ...gradients] = evaluate([this.graph.loss, ...this.graph.gradients], {
        values,
        batch: B,
        randomness: { seed: this.seed, step, lane },
      })
      loss += (value as DenseValue).data[0]!
      const leaves = [...this.graph.parameters, ...this.graph.tables]
      for (const [i, gradient] of gradients.entries()) addTo(sums, nameOf(leaves[i]!), gradient)
    }
    for (const [name, sum] of sums) for (const [at, g] of sum) this.apply(name, at, g / examples, step)
    return loss
  }

  private apply(name: string, i: number, gradient: number, t: number): void {
    const { w, m, v } = this.weights.get(name)!
    const spec = this.optimizer
    const g = gradient + spec.weightDecay * w[i]!
    if (spec.kind === 'sgd') w[i]! -= spec.rate * g
    else if (spec.kind === 'adagrad') {
      v[i]! += g * g
      w[i]! -= (spec.rate * g) / (Math.sqrt(v[i]!) + spec.epsilon)
    } else {
      m[i] = spec.beta1 * m[i]! + (1 - spec.beta1) * g
      v[i] = spec.beta2 * v[i]! + (1 - spec.beta2) * g * g
      const b1 = 1 - spec.beta1 ** t
      const b2 = 1 - spec.beta2 ** t
      const table = this.graph.tables.some((leaf) => nameOf(leaf) === name)
      if (table) w[i]! -= ((spec.rate * Math.sqrt(b2)) / b1) * (m[i]! / (Math.sqrt(v[i]!) + spec.epsilon))
      else w[i]! -= (spec.rate / b1) * (m[i]! / (Math.sqrt(v[i]! / b2) + spec.epsilon))
    }
  }
}

/** Elements that have a gradient, by their number: of a table only those of touched rows. */
function addTo(sums: Map<string, Map<number, number>>, name: string, gradient: Value): void {
  const sum = sums.get(name) ?? new Map<number, number>()
  sums.set(name, sum)
  const add = (at: number, value: number) => sum.set(at, (sum.get(at) ?? 0) + value)
  if ('data' in gradient) for (const [i, value] of gradient.data.entries()) add(i, value)
  else for (const [row, values] of (gradient as RowsValue).rows) for (const [i, value] of values.entries()) add(row * values.length + i, value)
}
