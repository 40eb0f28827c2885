/**
 * What a batch tells the controller: the evidence of docs/autoloss.md. With V = P ∇L_val given as tangents of all weights, t_n says how
 * fast the logit of example n moves along V; the objective after the step falls with p_nk by t_n ∂l_k/∂z_n, so that
 *   dS = ∂/∂φ −Σ_n t_n Σ_k p_nk ∂l_k/∂z_n        dH = ∂/∂φ Σ_n H(p_n)
 * With a centre c the t_n are first lessened by c times their mean over the batch: what they have in common says only that all logits should
 * move, which the model's bias learns without a controller, and it drowns what differs from example to example.
 */
import { gradients } from '../autodiff.js'
import { innerSize, type Tensor } from '../graph.js'
import { concat } from '../ops/concat.js'
import { constant } from '../ops/constant.js'
import { reduceSum } from '../ops/reduce-sum.js'
import { reshape } from '../ops/reshape.js'
import { abs, add, div, max, mul, neg, step, sub } from '../ops/scalar-functions.js'
import type { EvidenceLayout } from '../plan.js'
import { type Directions, exampleTangents, forwardTangent } from '../tangent.js'
import { columns, type MixedLoss } from './mixed-loss.js'
import type { Weighing } from './weights.js'

export function evidenceLayout(size: number): EvidenceLayout {
  return { tangents: 0, entropy: 1, dS: 2, dH: 2 + size, length: 2 + 2 * size }
}

/**
 * c away from zero: 1e-12 with c's sign instead of anything smaller. exampleTangents divides the backward pass by its cotangent, example
 * by example, so a pass that is to be divided runs with this one: the quotient is exact whatever its size, also where the candidates'
 * derivatives cancel or a hinge is flat, and the weights' gradients change by 1e-12 of one logit's gradient, far below their rounding.
 */
export function nonZero(c: Tensor): Tensor {
  return mul(max(abs(c), 1e-12), add(mul(step(neg(c)), -2), 1))
}

export interface EvidenceParts {
  readonly logits: Tensor
  readonly directions: Directions
  /** [B], of clicks: what the backward pass runs with. */
  readonly cotangent: Tensor
  readonly mixed: MixedLoss
  readonly weighing: Weighing
  /** 0 to 1 */
  readonly centre: number
}

/** [2 + 2P] as evidenceLayout says. */
export function evidenceOf({ logits, directions, cotangent, mixed, weighing, centre }: EvidenceParts): Tensor {
  const clicks = logits.shape.length === 1
  const t = centred(clicks ? exampleTangents(logits, directions, cotangent) : forwardTangent(logits, directions), centre)
  const pushes = clicks ? mul(reshape(t, ['B', 1]), columns(mixed.derivatives)) : columns(mixed.derivatives.map((each) => reduceSum(mul(each, t), 1)))
  const { weights, entropy, pieces } = weighing
  const flat = (gradient: Tensor) => reshape(gradient, [innerSize(gradient.shape)])
  return concat([
    reshape(total(abs(t)), [1]),
    reshape(total(entropy), [1]),
    ...gradients(weights, pieces, neg(pushes)).map(flat),
    ...gradients(entropy, pieces, constant(1, entropy.shape)).map(flat),
  ])
}

/** x [B] or [B, C] less `centre` times its mean over the batch, that of each class for itself. */
function centred(x: Tensor, centre: number): Tensor {
  if (centre === 0) return x
  // A batch of none has the sum 0, which is not divided by 0.
  const count = max(reduceSum(constant(1, ['B']), 0), 1)
  return sub(x, mul(div(reduceSum(x, 0, { keepDims: true }), count), centre))
}

function total(x: Tensor): Tensor {
  return reduceSum(x.shape.length === 1 ? x : reduceSum(x, 1), 0)
}
