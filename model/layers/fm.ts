/** fm (Rendle, 2010): Σ_{i<j} ⟨e_i, e_j⟩ = ½ Σ_D ((Σ_F e)² − Σ_F e²), in time F · D. */
import type { Tensor } from '../graph.js'
import { matmul } from '../ops/matmul.js'
import { reduceSum } from '../ops/reduce-sum.js'
import { add, mul, square, sub } from '../ops/scalar-functions.js'
import type { EmbeddingParts } from './embedding.js'

/** e [B, F, D], or its parts, to [B]. */
export function fm(e: Tensor | EmbeddingParts): Tensor {
  const { fields, numbers } = 'fields' in e ? e : { fields: e, numbers: undefined }
  let sum = reduceSum(fields, 1)
  let sumOfSquares = reduceSum(square(fields), 1)
  if (numbers) {
    // Σ_N x v and Σ_N (x v)² are products: [B, N] · [N, D].
    sum = add(sum, matmul(numbers.x, numbers.vectors))
    sumOfSquares = add(sumOfSquares, matmul(square(numbers.x), square(numbers.vectors)))
  }
  return mul(reduceSum(sub(square(sum), sumOfSquares), 1), 0.5)
}
