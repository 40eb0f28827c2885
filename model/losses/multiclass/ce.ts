/**
 * ce: cross-entropy of logits z [C] and the label y, −log p_y with p = softmax(z).
 *   formula     log Σ_c e^(x_c) − x_y, x = z − max z: no power overflows, and a label that is sure keeps its digits
 *   derivative  p − e_y, e_y the one-hot row of y
 *   scale       1: the mean Σ_c |∂l/∂z_c| at p = the classes' shares π is 2 Σ_c π_c (1 − π_c), and other losses are scaled to that
 */
import type { Tensor } from '../../graph.js'
import { reduceMax } from '../../ops/reduce-max.js'
import { reduceSum } from '../../ops/reduce-sum.js'
import { exp, log, mul, sub } from '../../ops/scalar-functions.js'
import { softmax } from '../../ops/softmax.js'
import { defineCandidate } from '../candidate.js'
import { classesOf, oneHotLabels } from './labels.js'

export const ce = defineCandidate({
  options: {},
  loss: (z, y) => crossEntropy(z, oneHotLabels(y, classesOf(z))),
  derivative: (z, y) => sub(softmax(z), oneHotLabels(y, classesOf(z))),
  slope: (label, shares) => 2 * (1 - shares[label]!),
})

/** −Σ_c q_c log p_c, [B], of targets q [B, C] that sum to 1 in each row. */
export function crossEntropy(logits: Tensor, targets: Tensor): Tensor {
  // The maximum has no derivative; since every row of q sums to 1, it would cancel.
  const x = sub(logits, reduceMax(logits, 1, { keepDims: true }))
  return sub(log(reduceSum(exp(x), 1)), reduceSum(mul(targets, x), 1))
}
