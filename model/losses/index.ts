/** Every loss by the name that a job gives it: for click labels, and for classes in multiclass/. Each file says formula, derivative and scale. */
import { bceCandidate } from './bce.js'
import { bceNoisy } from './bce-noisy.js'
import type { CandidateDefinition } from './candidate.js'
import { focal } from './focal.js'
import { hinge } from './hinge.js'
import { kl } from './kl.js'
import { mse } from './mse.js'
import { ce } from './multiclass/ce.js'
import { focal as focalOfClasses } from './multiclass/focal.js'
import { hinge as hingeOfClasses } from './multiclass/hinge.js'
import { kl as klOfClasses } from './multiclass/kl.js'
import { squaredHinge } from './squared-hinge.js'

/** Of logits [B] and click labels [B]. The first is what the others are scaled to. */
export const candidates: Readonly<Record<string, CandidateDefinition<string>>> = {
  bce: bceCandidate,
  focal,
  kl,
  hinge,
  squared_hinge: squaredHinge,
  mse,
  bce_noisy: bceNoisy,
}

/** Of logits [B, C] and class numbers [B]. The first is what the others are scaled to. */
export const classCandidates: Readonly<Record<string, CandidateDefinition<string>>> = {
  ce,
  focal: focalOfClasses,
  kl: klOfClasses,
  hinge: hingeOfClasses,
}
