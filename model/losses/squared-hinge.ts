/**
 * squared_hinge: the hinge's square, so without a kink. u = (2y−1)z.
 *   formula     max(0, 1 − u)²
 *   derivative  −2(2y−1) · max(0, 1 − u)
 *   scale       2c(1−c) / (2c·max(0, 1 − logit c) + 2(1−c)·max(0, 1 + logit c))
 */
import { add, mul, neg, relu, square } from '../ops/scalar-functions.js'
import { defineCandidate } from './candidate.js'
import { marginAt, marginOf, signOf } from './margin.js'

export const squaredHinge = defineCandidate({
  options: {},
  loss: (z, y) => square(relu(add(neg(marginOf(z, y)), 1))),
  derivative: (z, y) => mul(mul(signOf(y), relu(add(neg(marginOf(z, y)), 1))), -2),
  slope: (label, shares) => 2 * Math.max(0, 1 - marginAt(label, shares)),
})
