/**
 * Recalibration by one parameter, so that losses which do not aim at probabilities can be compared by logloss: σ(a·z) instead of σ(z), with the
 * slope a that is best on validation examples,
 *
 *   f(a) = Σ log(1 + e^(−a s z))  over examples with s = ±1,    f' = Σ z (σ(a z) − y),    f'' = Σ z² σ(a z)(1 − σ(a z)) ≥ 0
 *
 * by Newton's method, a step halved while it makes f larger. Sums go over score runs in the order of logits (merge-scores.ts).
 */
import { mergeRuns } from './merge-scores.js'

const largest = 1000

/** a, at most 1000 in size: scores that part the labels would want infinity. NaN without both labels. */
export async function fitSlope(paths: readonly string[]): Promise<number> {
  let at = await sumsAt(paths, 1)
  if (at.positives === 0 || at.negatives === 0) return Number.NaN
  for (let round = 0; round < 50 && at.second > 0; round++) {
    const newton = clamp(at.slope - at.first / at.second)
    let next = await sumsAt(paths, newton)
    for (let halved = 0; next.loss > at.loss && halved < 30; halved++) next = await sumsAt(paths, (at.slope + next.slope) / 2)
    const moved = Math.abs(next.slope - at.slope)
    if (next.loss <= at.loss) at = next
    if (moved <= 1e-9 * Math.abs(at.slope)) break
  }
  return at.slope
}

/** Mean logloss of the scores with that slope. */
export async function loglossAt(paths: readonly string[], slope: number): Promise<number> {
  const { loss, positives, negatives } = await sumsAt(paths, slope)
  return loss / (positives + negatives)
}

async function sumsAt(paths: readonly string[], slope: number) {
  const sums = { slope, loss: 0, first: 0, second: 0, positives: 0, negatives: 0 }
  await mergeRuns(paths, (logit, negatives, positives) => {
    const z = slope * logit
    const p = 1 / (1 + Math.exp(-z))
    sums.loss += positives * softplus(-z) + negatives * softplus(z)
    sums.first += logit * ((positives + negatives) * p - positives)
    sums.second += (positives + negatives) * logit * logit * p * (1 - p)
    sums.positives += positives
    sums.negatives += negatives
  })
  return sums
}

/** log(1 + e^z) */
const softplus = (z: number) => Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)))

const clamp = (slope: number) => Math.min(Math.max(slope, -largest), largest)
