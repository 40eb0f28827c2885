/**
 * The loss of K candidates with weights: l_n = Σ_k p_nk l_k(y_n, z_n). The weights are constants for the model: what it learns from is
 *   c_n = Σ_k p_nk ∂l_k/∂z_n       the cotangent of its logits,
 * and no derivative goes through the weights into the logits they were made from. The formulas and derivatives: model/losses.
 */
import { innerSize, type Tensor } from '../graph.js'
import type { Candidate } from '../losses/candidate.js'
import { concat } from '../ops/concat.js'
import { reduceSum } from '../ops/reduce-sum.js'
import { reshape } from '../ops/reshape.js'
import { add, mul } from '../ops/scalar-functions.js'
import { slice } from '../ops/slice.js'

export interface MixedLoss {
  /** Sum over the batch, a scalar. */
  readonly loss: Tensor
  /** c, of the logits' shape. */
  readonly cotangent: Tensor
  /** ∂l_k/∂z, K of the logits' shape. */
  readonly derivatives: readonly Tensor[]
  /** [2K]: the sums of p_k over the batch, then those of l_k. */
  readonly sums: Tensor
}

/** logits [B] or [B, C], labels [B], weights [B, K]. */
export function mixedLoss(logits: Tensor, labels: Tensor, candidates: readonly Candidate[], weights: Tensor): MixedLoss {
  const losses = columns(candidates.map((candidate) => candidate.loss(logits, labels)))
  const derivatives = candidates.map((candidate) => candidate.derivative(logits, labels))
  const perExample = reduceSum(mul(weights, losses), 1)
  return {
    loss: reduceSum(perExample, 0),
    cotangent: logits.shape.length === 1 ? reduceSum(mul(weights, columns(derivatives)), 1) : weightedSum(weights, derivatives),
    derivatives,
    sums: concat([reduceSum(weights, 0), reduceSum(losses, 0)]),
  }
}

/** K of [B] side by side: [B, K]. */
export function columns(each: readonly Tensor[]): Tensor {
  return concat(each.map((x) => reshape(x, ['B', innerSize(x.shape)])))
}

function weightedSum(weights: Tensor, each: readonly Tensor[]): Tensor {
  return each.map((x, k) => mul(slice(weights, 1, k, 1), x)).reduce((a, b) => add(a, b))
}
