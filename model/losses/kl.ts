/**
 * kl: the divergence KL(q ‖ p) of the prediction p = σ(z) from the smoothed label q = (1−ε)y + ε/2. On hard labels (ε = 0) it is bce.
 *   formula     softplus(z) − q·z − H, H = −q log q − (1−q) log(1−q), the entropy of q, one number for both labels
 *   derivative  σ(z) − q
 *   scale       2c(1−c) / (c·|c − 1 + ε/2| + (1−c)·|c − ε/2|)
 */
import type { Tensor } from '../graph.js'
import { add, mul, sigmoid, softplus, sub } from '../ops/scalar-functions.js'
import { defineCandidate } from './candidate.js'

export const kl = defineCandidate({
  options: { epsilon: { default: 0.05, min: 0, below: 1 } },
  loss: (z, y, { epsilon }) => add(sub(softplus(z), mul(smooth(y, epsilon), z)), -entropy(epsilon / 2)),
  derivative: (z, y, { epsilon }) => sub(sigmoid(z), smooth(y, epsilon)),
  slope: (label, [, c], { epsilon }) => Math.abs(c! - (1 - epsilon) * label - epsilon / 2),
})

function smooth(labels: Tensor, epsilon: number): Tensor {
  return add(mul(labels, 1 - epsilon), epsilon / 2)
}

/** Of a coin that shows 1 with probability q. */
function entropy(q: number): number {
  return q === 0 ? 0 : -q * Math.log(q) - (1 - q) * Math.log1p(-q)
}
