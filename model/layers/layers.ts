/**
 * The layers that a model function is handed: each file of this folder, bound to the model under construction. What a layer makes is
 * named after it (`mlp.0.weight`), so names are readable and the same in every run.
 */
import type { Graph, Init, Tensor } from '../graph.js'
import { reshape } from '../ops/reshape.js'
import { type DenseOptions, dense } from './dense.js'
import { dropout } from './dropout.js'
import { type EmbeddingOptions, type EmbeddingParts, embedding, embeddingParts } from './embedding.js'
import { type FmOptions, fm } from './fm.js'
import { linear } from './linear.js'
import { type HiddenOptions, hidden, type MlpOptions, mlp } from './mlp.js'
import type { ModelInputs, Scope } from './scope.js'

export class Layers implements Scope {
  readonly graph: Graph
  readonly training: boolean
  readonly rows: number
  readonly classes: number

  constructor({ graph, training, rows, classes }: Scope) {
    this.graph = graph
    this.training = training
    this.rows = rows
    this.classes = classes
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

  /** x [B, in], or the parts of an embedding, to [B, units]: hidden layers of relu and dropout, then a layer without activation, by default of `classes` units. */
  mlp(x: Tensor | EmbeddingParts, options: MlpOptions): Tensor {
    return mlp(this, x, options)
  }

  /** The hidden layers alone: x [B, in] to [B, last of hidden]. */
  hidden(x: Tensor, options: HiddenOptions): Tensor {
    return hidden(this, x, options)
  }

  /** x [B, classes] as the logits that a model returns: [B] where there is one class, else as it is. */
  logits(x: Tensor): Tensor {
    return this.classes === 1 ? reshape(x, ['B']) : x
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

  /** bias + first-order weights of ids and numbers: [B], of C classes [B, C]. */
  linear(inputs: ModelInputs): Tensor {
    return linear(this, inputs)
  }

  /** e [B, F, D], or its parts, to [B]: Σ_{i<j} ⟨e_i, e_j⟩; of C classes to [B, C], each weighing the D parts of that sum. */
  fm(e: Tensor | EmbeddingParts, options: FmOptions = {}): Tensor {
    return fm(this, e, options)
  }
}
