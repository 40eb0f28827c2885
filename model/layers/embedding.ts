/**
 * embedding: a learned vector of D numbers for every id, and for every numeric input one that its number is multiplied with.
 * The vectors of numbers have rank one per example (number times vector), so a product with them never needs them written out:
 * embeddingParts leaves them apart, fm and mlp take either form. On Criteo's shapes that saves a third of an MLP's first layer.
 */
import type { Tensor } from '../graph.js'
import { concat } from '../ops/concat.js'
import { lookup } from '../ops/lookup.js'
import { reshape } from '../ops/reshape.js'
import { mul } from '../ops/scalar-functions.js'
import type { ModelInputs, Scope } from './scope.js'

export interface EmbeddingOptions {
  /** The table; the vectors of numbers are `<name>.numbers`. Default 'embedding'. */
  readonly name?: string
  /** Standard deviation of the first weights. Default 0.01. */
  readonly deviation?: number
}

/** An embedding whose numbers are not multiplied out: fields [B, F, D], then numbers [B, N] times vectors [N, D]. */
export interface EmbeddingParts {
  readonly fields: Tensor
  readonly numbers?: { readonly x: Tensor; readonly vectors: Tensor }
}

/** ids [B, F] and numbers [B, N] to [B, F + N, D]. */
export function embedding(scope: Scope, inputs: ModelInputs, width: number, options: EmbeddingOptions = {}): Tensor {
  const { fields, numbers } = embeddingParts(scope, inputs, width, options)
  if (!numbers) return fields
  return concat([fields, mul(reshape(numbers.x, ['B', numbers.x.shape[1]!, 1]), numbers.vectors)], 1)
}

export function embeddingParts(
  { graph, rows }: Scope,
  { ids, numbers }: ModelInputs,
  width: number,
  { name = 'embedding', deviation = 0.01 }: EmbeddingOptions = {},
): EmbeddingParts {
  const init = { kind: 'normal', deviation } as const
  const fields = lookup(graph.table(name, rows, width, init), ids)
  if (!numbers) return { fields }
  return { fields, numbers: { x: numbers, vectors: graph.parameter(`${name}.numbers`, [numbers.shape[1] as number, width], init) } }
}
