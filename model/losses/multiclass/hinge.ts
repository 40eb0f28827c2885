/**
 * hinge of classes (Crammer & Singer, 2001): the label's logit must lead the largest other one by 1. Like softmax it does not change when all
 * logits move together, which a hinge of each class against the rest would.
 *   formula     max(0, 1 + max_{c≠y} z_c − z_y)
 *   derivative  r − e_y where it is above 0, else 0; r is 1 at the largest rival, equal ones share it. At the kink it is 0
 *   scale       2 Σ_c π_c (1 − π_c) / 2 Σ_y π_y [1 + max_{c≠y} log π_c − log π_y > 0]
 */
import type { Tensor } from '../../graph.js'
import { reduceMax } from '../../ops/reduce-max.js'
import { reduceSum } from '../../ops/reduce-sum.js'
import { reshape } from '../../ops/reshape.js'
import { add, div, mul, neg, relu, step, sub } from '../../ops/scalar-functions.js'
import { defineCandidate } from '../candidate.js'
import { classesOf, ofLabel, oneHotLabels, rivalsOf } from './labels.js'

export const hinge = defineCandidate({
  options: {},
  loss: (z, y) => reshape(relu(violationOf(z, oneHotLabels(y, classesOf(z)))), ['B']),
  derivative(z, y) {
    const oneHot = oneHotLabels(y, classesOf(z))
    return mul(step(violationOf(z, oneHot)), sub(largestRival(z, oneHot), oneHot))
  },
  slope(label, shares) {
    const rival = Math.max(...shares.filter((_, c) => c !== label))
    return 2 * Number(1 + Math.log(rival) - Math.log(shares[label]!) > 0)
  },
})

/** 1 + max_{c≠y} z_c − z_y, [B, 1]. */
function violationOf(logits: Tensor, oneHot: Tensor): Tensor {
  return add(ofLabel(logits, sub(largestRival(logits, oneHot), oneHot)), 1)
}

/** [B, C]: 1 at the largest rival, equal ones share it; without a derivative, as step has none. */
function largestRival(logits: Tensor, oneHot: Tensor): Tensor {
  const rivals = rivalsOf(logits, oneHot)
  const largest = add(neg(step(sub(reduceMax(rivals, 1, { keepDims: true }), rivals))), 1)
  return div(largest, reduceSum(largest, 1, { keepDims: true }))
}
