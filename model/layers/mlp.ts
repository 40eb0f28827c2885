/** mlp: hidden layers of relu and dropout, then a layer without activation. Parameters `mlp.0.weight`, `mlp.0.bias`, `mlp.1.weight` … */
import type { Tensor } from '../graph.js'
import { type DenseOptions, dense, denseOfEmbedding } from './dense.js'
import { dropout } from './dropout.js'
import type { EmbeddingParts } from './embedding.js'
import type { Scope } from './scope.js'

export interface HiddenOptions {
  /** Units of the hidden layers. */
  readonly hidden: readonly number[]
  /** Rate after every hidden layer. Default 0. */
  readonly dropout?: number
  /** Default 'mlp'. */
  readonly name?: string
}

export interface MlpOptions extends HiddenOptions {
  /** Units of the last layer. Default: the number of classes. */
  readonly units?: number
}

/** x [B, in], or the parts of an embedding, to [B, units]. */
export function mlp(scope: Scope, x: Tensor | EmbeddingParts, { units = scope.classes, ...options }: MlpOptions): Tensor {
  return layer(scope, hidden(scope, x, options), units, { name: `${options.name ?? 'mlp'}.${options.hidden.length}`, activation: 'none' })
}

/** The hidden layers alone: [B, last of hidden], or x where there are none. */
export function hidden<X extends Tensor | EmbeddingParts>(scope: Scope, x: X, options: HiddenOptions): X | Tensor {
  const { hidden: widths, dropout: rate = 0, name = 'mlp' } = options
  let out: X | Tensor = x
  for (const [i, width] of widths.entries())
    out = dropout(scope, layer(scope, out, width, { name: `${name}.${i}`, activation: 'relu' }), rate, `${name}.${i}`)
  return out
}

function layer(scope: Scope, x: Tensor | EmbeddingParts, units: number, options: Required<DenseOptions>): Tensor {
  return 'fields' in x ? denseOfEmbedding(scope, x, units, options) : dense(scope, x, units, options)
}
