/**
 * Training steps in float64 through the reference interpreter, which the look-ahead gradient is compared with, and the P = −∂u/∂g / rate of
 * each optimizer that it needs, written a second time beside the engine's (native/engine/state/optimizer.h).
 */
import { nameOf, type Tensor } from '../graph.js'
import type { DenseValue, Value } from '../op.js'
import { initialRows } from '../philox.js'
import type { OptimizerSpec } from '../plan.js'
import { type Evaluation, evaluate } from '../reference.js'

/** Gradients by name, in the order of their leaves; tables dense, rows that nothing touched undefined. */
export type Gradients = ReadonlyMap<string, readonly (number | undefined)[]>

export class ReferenceState {
  readonly weights = new Map<string, DenseValue>()
  readonly #moments = new Map<string, { m: Float64Array; v: Float64Array }>()
  readonly #tables: ReadonlySet<string>
  /** Of the next one: t counts from 1. */
  #step = 1

  constructor(
    private readonly optimizer: OptimizerSpec,
    parameters: readonly Tensor[],
    tables: readonly Tensor[],
  ) {
    this.#tables = new Set(tables.map(nameOf))
    for (const leaf of [...parameters, ...tables]) {
      const shape = leaf.shape as number[]
      const size = shape.reduce((a, b) => a * b, 1)
      // First weights of a fresh model are too small to matter: these are not.
      const data = Float64Array.from(initialRows({ kind: 'uniform', bound: 0.5 }, 2n, nameOf(leaf), 0, 1, size))
      this.weights.set(nameOf(leaf), { shape, data })
      this.#moments.set(nameOf(leaf), { m: new Float64Array(size), v: new Float64Array(size) })
    }
  }

  /** One step with the mean gradient; `rate` stands in for the optimizer's. */
  apply(gradients: Gradients, rate: number): void {
    for (const [name, gradient] of gradients) {
      const { data } = this.weights.get(name)!
      const moments = this.#moments.get(name)!
      for (const [i, g] of gradient.entries()) {
        if (g === undefined) continue
        const next = this.#moved(name, i, g + this.optimizer.weightDecay * data[i]!)
        data[i]! -= rate * next.u
        moments.m[i] = next.m
        moments.v[i] = next.v
      }
    }
    this.#step++
  }

  /** The weights after such a step, which is not taken. */
  after(gradients: Gradients, rate: number): Map<string, DenseValue> {
    const weights = new Map<string, DenseValue>()
    for (const [name, { shape, data }] of this.weights) {
      const gradient = gradients.get(name)!
      const u = (g: number | undefined, i: number) => (g === undefined ? 0 : this.#moved(name, i, g + this.optimizer.weightDecay * data[i]!).u)
      weights.set(name, { shape, data: data.map((w, i) => w - rate * u(gradient[i], i)) })
    }
    return weights
  }

  /** P ∘ ∇L_val at the step with this gradient; zero in rows that it does not touch. */
  tangents(gradients: Gradients, validation: Gradients): Map<string, DenseValue> {
    const tangents = new Map<string, DenseValue>()
    for (const [name, { shape, data }] of this.weights) {
      const gradient = gradients.get(name)!
      const factor = (i: number) => this.#derivative(name, i, gradient[i]! + this.optimizer.weightDecay * data[i]!)
      const v = Float64Array.from(data, (_, i) => (gradient[i] === undefined ? 0 : factor(i) * (validation.get(name)![i] ?? 0)))
      tangents.set(`tangent of ${name}`, { shape, data: v })
    }
    return tangents
  }

  /** w ← w − rate · u, with the moments after the step. */
  #moved(name: string, i: number, g: number): { u: number; m: number; v: number } {
    const { optimizer } = this
    if (optimizer.kind !== 'adam') return { u: g, m: 0, v: 0 }
    const { m, v, b1, root, epsilon } = this.#adam(name, i, g)
    return { u: m / b1 / (root + epsilon), m, v }
  }

  #derivative(name: string, i: number, g: number): number {
    const { optimizer } = this
    if (optimizer.kind !== 'adam') return 1
    const { m, b1, b2, root, epsilon } = this.#adam(name, i, g)
    const ofM = (1 - optimizer.beta1) / b1 / (root + epsilon)
    return root === 0 ? ofM : ofM - ((m / b1) * (1 - optimizer.beta2) * g) / (b2 * root * (root + epsilon) ** 2)
  }

  /** √(v/b₂) and the ε beside it, which SparseAdam adds to √v: ε/√b₂. */
  #adam(name: string, i: number, g: number) {
    const { beta1, beta2, epsilon } = this.optimizer as Extract<OptimizerSpec, { kind: 'adam' }>
    const old = this.#moments.get(name)!
    const m = beta1 * old.m[i]! + (1 - beta1) * g
    const v = beta2 * old.v[i]! + (1 - beta2) * g * g
    const [b1, b2] = [1 - beta1 ** this.#step, 1 - beta2 ** this.#step]
    return { m, v, b1, b2, root: Math.sqrt(v / b2), epsilon: this.#tables.has(name) ? epsilon / Math.sqrt(b2) : epsilon }
  }
}

/** Means over the batch of what `gradients` are sums of. */
export function meanGradients(leaves: readonly Tensor[], gradients: readonly Tensor[], at: Evaluation): Gradients {
  const values = evaluate(gradients, at)
  return new Map(leaves.map((leaf, i) => [nameOf(leaf), spread(values[i]!).map((g) => (g === undefined ? g : g / at.batch))]))
}

function spread(value: Value): (number | undefined)[] {
  if ('data' in value) return [...value.data]
  const [rows, width] = value.shape
  return Array.from({ length: rows * width }, (_, i) => value.rows.get(Math.floor(i / width))?.[i % width])
}
