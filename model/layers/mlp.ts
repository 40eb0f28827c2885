/** mlp: hidden layers of relu and dropout, then a layer without activation. Parameters `mlp.0.weight`, `mlp.0.bias`, `mlp.1.weight` … */
import type { Tensor } from '../graph.js'
import { type DenseOptions, dense, denseOfEmbedding } from './dense.js'
import { dropout } from './dropout.js'
import type { EmbeddingParts } from './embedding.js'
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

/** x [B, in], or the parts of an embedding, to [B, units]. */
export function mlp(scope: Scope, x: Tensor | EmbeddingParts, { hidden, dropout: rate = 0, units = 1, name = 'mlp' }: MlpOptions): Tensor {
  let out = x
  for (const [i, width] of hidden.entries())
    out = dropout(scope, layer(scope, out, width, { name: `${name}.${i}`, activation: 'relu' }), rate, `${name}.${i}`)
  return layer(scope, out, units, { name: `${name}.${hidden.length}`, activation: 'none' })
}

function layer(scope: Scope, x: Tensor | EmbeddingParts, units: number, options: Required<DenseOptions>): Tensor {
  return 'fields' in x ? denseOfEmbedding(scope, x, units, options) : dense(scope, x, units, options)
}
