/**
 * fm (Rendle, 2010): Σ_{i<j} ⟨e_i, e_j⟩ = Σ_D v with v = ½((Σ_F e)² − Σ_F e²), in time F · D. Of C classes v · W: each class weighs the parts of the
 * sum for itself, as in the bilinear layer of NFM (He & Chua, 2017).
 */
import type { Tensor } from '../graph.js'
import { matmul } from '../ops/matmul.js'
import { reduceSum } from '../ops/reduce-sum.js'
import { add, mul, square, sub } from '../ops/scalar-functions.js'
import type { EmbeddingParts } from './embedding.js'
import type { Scope } from './scope.js'

export interface FmOptions {
  /** Of C classes the weights are the parameter `<name>.classes` [D, C], uniform in ±1/√D. Default 'fm'. */
  readonly name?: string
}

/** e [B, F, D], or its parts, to [B], of C classes to [B, C]. */
export function fm({ graph, classes }: Scope, e: Tensor | EmbeddingParts, { name = 'fm' }: FmOptions = {}): Tensor {
  const { fields, numbers } = 'fields' in e ? e : { fields: e, numbers: undefined }
  let sum = reduceSum(fields, 1)
  let sumOfSquares = reduceSum(square(fields), 1)
  if (numbers) {
    // Σ_N x v and Σ_N (x v)² are products: [B, N] · [N, D].
    sum = add(sum, matmul(numbers.x, numbers.vectors))
    sumOfSquares = add(sumOfSquares, matmul(square(numbers.x), square(numbers.vectors)))
  }
  const pairs = sub(square(sum), sumOfSquares)
  if (classes === 1) return mul(reduceSum(pairs, 1), 0.5)
  const width = pairs.shape[1] as number
  const weight = graph.parameter(`${name}.classes`, [width, classes], { kind: 'uniform', bound: 1 / Math.sqrt(width) })
  return matmul(mul(pairs, 0.5), weight)
}
