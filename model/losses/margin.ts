/** The sign s = 2y − 1 of a label y ∈ {0, 1}, and the margin u = s·z: how far the logit is on the label's side. p_t = σ(u) is the probability of the label. */
import type { Tensor } from '../graph.js'
import { add, mul } from '../ops/scalar-functions.js'

export function signOf(labels: Tensor): Tensor {
  return add(mul(labels, 2), -1)
}

export function marginOf(logits: Tensor, labels: Tensor): Tensor {
  return mul(signOf(labels), logits)
}

/** The margin of a label where σ(z) is the base rate, in plain numbers. */
export function marginAt(label: number, [negative, positive]: readonly number[]): number {
  return (2 * label - 1) * Math.log(positive! / negative!)
}
