/** fm (Rendle, 2010): Σ_{i<j} ⟨e_i, e_j⟩ = ½ Σ_D ((Σ_F e)² − Σ_F e²), in time F · D. */
import type { Tensor } from '../graph.js'
import { reduceSum } from '../ops/reduce-sum.js'
import { mul, square, sub } from '../ops/scalar-functions.js'

/** e [B, F, D] to [B]. */
export function fm(e: Tensor): Tensor {
  const squareOfSum = square(reduceSum(e, 1))
  const sumOfSquares = reduceSum(square(e), 1)
  return mul(reduceSum(sub(squareOfSum, sumOfSquares), 1), 0.5)
}
