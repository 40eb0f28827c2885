/**
 * bce: binary cross-entropy of the logit z and the label y ∈ {0, 1}, −y log σ(z) − (1−y) log(1−σ(z)).
 *   formula     softplus(z) − y·z, which never overflows
 *   derivative  σ(z) − y
 *   scale       1: the mean |∂l/∂z| at p = the base rate c is 2c(1−c), and other losses are scaled to that
 */
import type { LossJob } from '../../common/job/loss.js'
import type { Tensor } from '../graph.js'
import { mul, sigmoid, softplus, sub } from '../ops/scalar-functions.js'
import { defineCandidate } from './candidate.js'

/** logits [B] and labels [B] to one loss an example, [B]. */
export function bce(logits: Tensor, labels: Tensor): Tensor {
  return sub(softplus(logits), mul(labels, logits))
}

export const bceCandidate = defineCandidate({
  options: {},
  loss: bce,
  derivative: (z, y) => sub(sigmoid(z), y),
  slope: (label, [, c]) => Math.abs(c! - label),
})

/** The loss of a job that names none. */
export const bceAlone: LossJob = { mode: 'one', candidates: [{ name: 'bce' }] }
