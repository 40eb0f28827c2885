/** mlp: hidden layers of relu and dropout, then a layer without activation. Parameters `mlp.0.weight`, `mlp.0.bias`, `mlp.1.weight` … */
import type { Tensor } from '../graph.js'
import { dense } from './dense.js'
import { dropout } from './dropout.js'
import type { Scope } from './scope.js'

export interface MlpOptions {
  /** Units of the hidden layers. */
  readonly hidden: readonly number[]
  /** Rate after every hidden layer. Default 0. */
  readonly dropout?: number
  /** Units of the last layer. Default 1. */
  readonly units?: number
  /** Default 'mlp'. */
  readonly name?: string
}

/** x [B, in] to [B, units]. */
export function mlp(scope: Scope, x: Tensor, { hidden, dropout: rate = 0, units = 1, name = 'mlp' }: MlpOptions): Tensor {
  let out = x
  for (const [i, width] of hidden.entries())
    out = dropout(scope, dense(scope, out, width, { name: `${name}.${i}`, activation: 'relu' }), rate, `${name}.${i}`)
  return dense(scope, out, units, { name: `${name}.${hidden.length}` })
}
