/** dense: y = activation(x · weight + bias). First weights and biases are uniform in ±1/√fan_in, the default of torch.nn.Linear. */
import type { Tensor } from '../graph.js'
import { describe, refuse } from '../op.js'
import { matmul } from '../ops/matmul.js'
import { add, relu, sigmoid, tanh } from '../ops/scalar-functions.js'
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
