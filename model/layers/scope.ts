/** What layers build into: the graph of one model and what is known of its job. */
import type { Graph, Tensor } from '../graph.js'

export interface Scope {
  readonly graph: Graph
  /** False for the predict graph: dropout does nothing. */
  readonly training: boolean
  /** V of every table: (field, value) is hashed into it. */
  readonly rows: number
  /** 1: one logit an example, [B]. C ≥ 2: logits [B, C]. */
  readonly classes: number
}

/** What a row of the log gives to a model. */
export interface ModelInputs {
  /** Rows of the tables, one a field: [B, F]. */
  readonly ids: Tensor
  /** Normalised numbers [B, N]; absent when the job bins numbers into fields. */
  readonly numbers?: Tensor
}
