/**
 * hinge (Cortes & Vapnik, 1995): linear in the logit until the label's side is reached by 1, then nothing. u = (2y−1)z.
 *   formula     max(0, 1 − u)
 *   derivative  −(2y−1) where u < 1, else 0: at the kink u = 1 it is 0, relu's own rule
 *   scale       2c(1−c) / (c·[logit c < 1] + (1−c)·[logit c > −1]). It jumps where the model that predicts the base rate is right by 1 on the
 *               common label (c = 0.269 and 0.731): beyond, only the rare label pushes, and the scale is 2(1−c) for a small c.
 */
import { add, mul, neg, relu, step } from '../ops/scalar-functions.js'
import { defineCandidate } from './candidate.js'
import { marginAt, marginOf, signOf } from './margin.js'

export const hinge = defineCandidate({
  options: {},
  loss: (z, y) => relu(add(neg(marginOf(z, y)), 1)),
  derivative: (z, y) => neg(mul(signOf(y), step(add(neg(marginOf(z, y)), 1)))),
  slope: (label, shares) => Number(marginAt(label, shares) < 1),
})
