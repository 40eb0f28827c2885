/**
 * The layers that a model function is handed: each file of this folder, bound to the model under construction. What a layer makes is
 * named after it (`mlp.0.weight`), so names are readable and the same in every run.
 */
import type { Graph, Init, Tensor } from '../graph.js'
import { type DenseOptions, dense } from './dense.js'
import { dropout } from './dropout.js'
import { type EmbeddingOptions, type EmbeddingParts, embedding, embeddingParts } from './embedding.js'
import { fm } from './fm.js'
import { linear } from './linear.js'
import { type MlpOptions, mlp } from './mlp.js'
import type { ModelInputs, Scope } from './scope.js'

export class Layers implements Scope {
  readonly graph: Graph
  readonly training: boolean
  readonly rows: number

  constructor({ graph, training, rows }: Scope) {
    this.graph = graph
    this.training = training
    this.rows = rows
  }

  /** A parameter of your own. */
  parameter(name: string, shape: readonly number[], init: Init): Tensor {
    return this.graph.parameter(name, shape, init)
  }

  /** A table [V, width] of your own, one row for every id. */
  table(name: string, width: number, init: Init): Tensor {
    return this.graph.table(name, this.rows, width, init)
  }

  /** x [B, in] to [B, units]: activation(x · weight + bias). */
  dense(x: Tensor, units: number, options: DenseOptions = {}): Tensor {
    return dense(this, x, units, options)
  }

  /** x [B, in], or the parts of an embedding, to [B, units]: hidden layers of relu and dropout, then a layer without activation. */
  mlp(x: Tensor | EmbeddingParts, options: MlpOptions): Tensor {
    return mlp(this, x, options)
  }

  /** x [B, width]: while training a unit is 0 with probability rate. */
  dropout(x: Tensor, rate: number, name?: string): Tensor {
    return dropout(this, x, rate, name)
  }

  /** ids [B, F] and numbers [B, N] to [B, F + N, width]. */
  embedding(inputs: ModelInputs, width: number, options: EmbeddingOptions = {}): Tensor {
    return embedding(this, inputs, width, options)
  }

  /** The same, the numbers not multiplied out: for fm and mlp, which then do less work. */
  embeddingParts(inputs: ModelInputs, width: number, options: EmbeddingOptions = {}): EmbeddingParts {
    return embeddingParts(this, inputs, width, options)
  }

  /** bias + first-order weights of ids and numbers: [B]. */
  linear(inputs: ModelInputs): Tensor {
    return linear(this, inputs)
  }

  /** e [B, F, D], or its parts, to [B]: Σ_{i<j} ⟨e_i, e_j⟩. */
  fm(e: Tensor | EmbeddingParts): Tensor {
    return fm(e)
  }
}
