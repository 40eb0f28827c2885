/** embedding: a learned vector of D numbers for every id, and for every numeric input one that its number is multiplied with. */
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

/** ids [B, F] and numbers [B, N] to [B, F + N, D]. */
export function embedding(
  { graph, rows }: Scope,
  { ids, numbers }: ModelInputs,
  width: number,
  { name = 'embedding', deviation = 0.01 }: EmbeddingOptions = {},
): Tensor {
  const init = { kind: 'normal', deviation } as const
  const fields = lookup(graph.table(name, rows, width, init), ids)
  if (!numbers) return fields
  const count = numbers.shape[1] as number
  const vectors = graph.parameter(`${name}.numbers`, [count, width], init)
  return concat([fields, mul(reshape(numbers, ['B', count, 1]), vectors)], 1)
}
