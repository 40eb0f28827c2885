/**
 * focal of classes: −(1−p_y)^γ log p_y, p = softmax(z). The margin u = z_y − log Σ_{c≠y} e^(z_c) has p_y = σ(u), so it is the focal loss of u.
 *   formula     σ(−u)^γ · softplus(−u)
 *   derivative  f'(u) · (e_y − r), f' as in ../focal.ts, r the softmax of the rivals: 0 in the column of y
 *   scale       2 Σ_c π_c (1 − π_c) / Σ_y π_y 2|f'(u_y)|, u_y = log(π_y / (1 − π_y))
 */
import type { Tensor } from '../../graph.js'
import { reduceMax } from '../../ops/reduce-max.js'
import { reduceSum } from '../../ops/reduce-sum.js'
import { reshape } from '../../ops/reshape.js'
import { exp, log, mul, sub } from '../../ops/scalar-functions.js'
import { softmax } from '../../ops/softmax.js'
import { defineCandidate } from '../candidate.js'
import { focalOfMargin, focalSlope, focalSlopeAt } from '../focal.js'
import { classesOf, ofLabel, oneHotLabels, rivalsOf } from './labels.js'

export const focal = defineCandidate({
  options: { gamma: { default: 2, min: 0, max: 10 } },
  loss: (z, y, { gamma }) => reshape(focalOfMargin(marginOf(z, oneHotLabels(y, classesOf(z))), gamma), ['B']),
  derivative(z, y, { gamma }) {
    const oneHot = oneHotLabels(y, classesOf(z))
    return mul(focalSlope(marginOf(z, oneHot), gamma), sub(oneHot, softmax(rivalsOf(z, oneHot))))
  },
  slope: (label, shares, { gamma }) => 2 * focalSlopeAt(Math.log(shares[label]! / (1 - shares[label]!)), gamma),
})

/** [B, 1]. The largest rival is taken out of both parts, where its derivative would cancel. */
function marginOf(logits: Tensor, oneHot: Tensor): Tensor {
  const rivals = rivalsOf(logits, oneHot)
  const largest = reduceMax(rivals, 1, { keepDims: true })
  return sub(ofLabel(sub(logits, largest), oneHot), log(reduceSum(exp(sub(rivals, largest)), 1, { keepDims: true })))
}
