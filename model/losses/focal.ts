/**
 * focal (Lin et al., 2017): cross-entropy that fades for examples which are already right, −(1−p_t)^γ log p_t with p_t = σ(u), u = (2y−1)z.
 *   formula     σ(−u)^γ · softplus(−u), the power as e^(−γ·softplus(u)): no 0^(γ−1) where p_t rounds to 1
 *   derivative  −(2y−1) · σ(−u)^γ · (γ σ(u) softplus(−u) + σ(−u))
 *   scale       2c(1−c) / (c·d(logit c) + (1−c)·d(−logit c)), d(u) the derivative's size
 */
import type { Tensor } from '../graph.js'
import { add, exp, mul, neg, sigmoid, softplus } from '../ops/scalar-functions.js'
import { defineCandidate } from './candidate.js'
import { marginAt, marginOf, signOf } from './margin.js'

export const focal = defineCandidate({
  options: { gamma: { default: 2, min: 0, max: 10 } },
  loss: (z, y, { gamma }) => focalOfMargin(marginOf(z, y), gamma),
  derivative: (z, y, { gamma }) => mul(signOf(y), focalSlope(marginOf(z, y), gamma)),
  slope: (label, shares, { gamma }) => focalSlopeAt(marginAt(label, shares), gamma),
})

/** The loss of a margin of any shape; multiclass/focal.ts has one too. */
export function focalOfMargin(u: Tensor, gamma: number): Tensor {
  return mul(fading(u, gamma), softplus(neg(u)))
}

/** Its derivative in u. */
export function focalSlope(u: Tensor, gamma: number): Tensor {
  const right = mul(mul(sigmoid(u), softplus(neg(u))), gamma)
  return neg(mul(fading(u, gamma), add(right, sigmoid(neg(u)))))
}

/** The derivative's size in plain numbers. */
export function focalSlopeAt(u: number, gamma: number): number {
  const p = 1 / (1 + Math.exp(-u))
  return (1 - p) ** gamma * (1 - p - gamma * p * Math.log(p))
}

/** (1 − σ(u))^γ */
function fading(u: Tensor, gamma: number): Tensor {
  return exp(mul(softplus(u), -gamma))
}
