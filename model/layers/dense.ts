/** dense: y = activation(x · weight + bias). First weights and biases are uniform in ±1/√fan_in, the default of torch.nn.Linear. */
import { innerSize, type Tensor } from '../graph.js'
import { describe, refuse } from '../op.js'
import { matmul } from '../ops/matmul.js'
import { reduceSum } from '../ops/reduce-sum.js'
import { reshape } from '../ops/reshape.js'
import { add, mul, relu, sigmoid, tanh } from '../ops/scalar-functions.js'
import type { EmbeddingParts } from './embedding.js'
import type { Scope } from './scope.js'

const activations = { none: (x: Tensor) => x, relu, sigmoid, tanh }
export type Activation = keyof typeof activations

export interface DenseOptions {
  /** Parameters are `<name>.weight` [in, units] and `<name>.bias` [units]. Default 'dense'. */
  readonly name?: string
  readonly activation?: Activation
}

/** x [B, in] to [B, units]. */
export function dense({ graph }: Scope, x: Tensor, units: number, { name = 'dense', activation = 'none' }: DenseOptions = {}): Tensor {
  const [, fanIn] = x.shape
  if (typeof fanIn !== 'number' || x.shape.length !== 2) throw refuse('dense', 'x [B, in]', describe(x))
  const init = { kind: 'uniform', bound: 1 / Math.sqrt(fanIn) } as const
  const weight = graph.parameter(`${name}.weight`, [fanIn, units], init)
  const bias = graph.parameter(`${name}.bias`, [units], init)
  return activations[activation](add(matmul(x, weight), bias))
}

/**
 * The same over all of an embedding, [B, (F + N) · D] to [B, units]. The share of the numbers is x [B, N] · M [N, units] with
 * M_n = v_n · weight_n, made once a batch, where multiplying out would cost D times as much for every example.
 * Parameters: `<name>.weight` [F · D, units], `<name>.numbers` [N, D, units], `<name>.bias`.
 */
export function denseOfEmbedding(scope: Scope, e: EmbeddingParts, units: number, options: Required<DenseOptions>): Tensor {
  const { name, activation } = options
  const flat = reshape(e.fields, ['B', innerSize(e.fields.shape)])
  if (!e.numbers) return dense(scope, flat, units, options)
  const [count, width] = e.numbers.vectors.shape as [number, number]
  const fanIn = innerSize(e.fields.shape) + count * width
  const init = { kind: 'uniform', bound: 1 / Math.sqrt(fanIn) } as const
  const weight = scope.graph.parameter(`${name}.weight`, [innerSize(e.fields.shape), units], init)
  const ofNumbers = scope.graph.parameter(`${name}.numbers`, [count, width, units], init)
  const bias = scope.graph.parameter(`${name}.bias`, [units], init)
  const m = reduceSum(mul(reshape(e.numbers.vectors, [count, width, 1]), ofNumbers), 1)
  return activations[activation](add(matmul(flat, weight), add(matmul(e.numbers.x, m), bias)))
}
