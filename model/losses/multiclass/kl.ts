/**
 * kl of classes: the divergence KL(q ‖ p) of p = softmax(z) from the smoothed label q = (1−ε) e_y + ε/C. Without smoothing it is ce.
 *   formula     −Σ_c q_c log p_c − H, H the entropy of q, one number for all labels
 *   derivative  p − q
 *   scale       2 Σ_c π_c (1 − π_c) / Σ_y π_y Σ_c |π_c − q_c(y)|
 */
import type { Tensor } from '../../graph.js'
import { add, mul, sub } from '../../ops/scalar-functions.js'
import { softmax } from '../../ops/softmax.js'
import { defineCandidate } from '../candidate.js'
import { crossEntropy } from './ce.js'
import { classesOf, oneHotLabels } from './labels.js'

export const kl = defineCandidate({
  options: { epsilon: { default: 0.05, min: 0, below: 1 } },
  loss: (z, y, { epsilon }) => add(crossEntropy(z, smooth(z, y, epsilon)), -entropy(classesOf(z), epsilon)),
  derivative: (z, y, { epsilon }) => sub(softmax(z), smooth(z, y, epsilon)),
  slope(label, shares, { epsilon }) {
    const rest = epsilon / shares.length
    return shares.reduce((sum, share, c) => sum + Math.abs(share - rest - (c === label ? 1 - epsilon : 0)), 0)
  },
})

function smooth(logits: Tensor, labels: Tensor, epsilon: number): Tensor {
  const classes = classesOf(logits)
  return add(mul(oneHotLabels(labels, classes), 1 - epsilon), epsilon / classes)
}

function entropy(classes: number, epsilon: number): number {
  const rest = epsilon / classes
  const own = 1 - epsilon + rest
  return rest === 0 ? 0 : -own * Math.log(own) - (classes - 1) * rest * Math.log(rest)
}
