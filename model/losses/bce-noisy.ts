/**
 * bce_noisy (forward correction, Patrini et al., 2017): the label was flipped with probability ρ, so the label seen has probability
 * ρ + (1−2ρ)p_t, p_t = σ(u), u = (2y−1)z; the loss is its negative logarithm. The right loss for slices with false or missing clicks.
 *   formula     softplus(−u) − softplus(r − u) − log(1−ρ), r = log(ρ/(1−ρ)): nothing is divided by a rounded probability
 *   derivative  −(2y−1) · (σ(−u) − σ(r − u))
 *   scale       2c(1−c) / (c·d(logit c) + (1−c)·d(−logit c)), d(u) the derivative's size
 */
import { add, mul, neg, sigmoid, softplus, sub } from '../ops/scalar-functions.js'
import { defineCandidate } from './candidate.js'
import { marginAt, marginOf, signOf } from './margin.js'

export const bceNoisy = defineCandidate({
  options: { rho: { default: 0.1, above: 0, below: 0.5 } },
  loss(z, y, { rho }) {
    const u = neg(marginOf(z, y))
    return add(sub(softplus(u), softplus(add(u, logit(rho)))), -Math.log1p(-rho))
  },
  derivative(z, y, { rho }) {
    const u = neg(marginOf(z, y))
    return mul(signOf(y), sub(sigmoid(add(u, logit(rho))), sigmoid(u)))
  },
  slope(label, shares, { rho }) {
    const u = -marginAt(label, shares)
    return sigma(u) - sigma(u + logit(rho))
  },
})

const sigma = (x: number) => 1 / (1 + Math.exp(-x))
const logit = (rho: number) => Math.log(rho) - Math.log1p(-rho)
