/**
 * mse: the Brier score, the squared error of the probability p = σ(z).
 *   formula     (p − y)²
 *   derivative  2(p − y) p (1−p)
 *   scale       1 / (2c(1−c))
 */
import { mul, neg, sigmoid, square, sub } from '../ops/scalar-functions.js'
import { defineCandidate } from './candidate.js'

export const mse = defineCandidate({
  options: {},
  loss: (z, y) => square(sub(sigmoid(z), y)),
  // 1 − p as σ(−z): it keeps its digits where p is near 1.
  derivative: (z, y) => mul(mul(sub(sigmoid(z), y), 2), mul(sigmoid(z), sigmoid(neg(z)))),
  slope: (label, [, c]) => 2 * Math.abs(c! - label) * c! * (1 - c!),
})
