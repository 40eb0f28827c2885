/**
 * The counting pass over the training pieces, where minimum counts or moments are asked for: kept keys become the vocabulary artifact, moments
 * the means and deviations of the feature plan. Pieces are cut into as many parts as there are lanes, so that sums do not depend on the workers.
 */
import type { FeaturePlan, LogFormat } from '../common/job/features.js'
import type { DataSource } from '../proto/generated/lossmith/v1/DataSource.js'
import type { Piece__Output as Piece } from '../proto/generated/lossmith/v1/Piece.js'
import { dealLanes } from './deal-lanes.js'
import { featurePlan, needsCounting } from './feature-plan.js'
import { addCounts, type Counts, keepFrequent, normalisation, readCounts } from './merge-counts.js'
import { enterPhase, onEveryMember, type RunContext } from './run-context.js'

export const vocabularyArtifact = 'vocabulary'

export async function countValues(context: RunContext, format: LogFormat, pieces: readonly Piece[], source: DataSource): Promise<FeaturePlan> {
  const { job, artifacts, membership, control } = context
  const features = featurePlan(job, format)
  if (!needsCounting(features)) return features
  enterPhase(context, 'counting', `${pieces.reduce((sum, { take }) => sum + take, 0)} rows`)
  // Parts go to the ranks that own the lanes of those numbers.
  const parts = dealLanes(pieces.length, job.train.lanes).map(({ first, count }) => pieces.slice(first, first + count))
  const name = (part: number) => `counts/${part}`
  const most = Math.max(...membership.ranks.map(({ lanes }) => lanes.count))
  for (let round = 0; round < most; round++)
    await control.guardEarly(
      onEveryMember(context, ({ lanes }) => {
        const part = lanes.first + round
        if (round >= lanes.count || parts[part]!.length === 0) return undefined
        return { countValues: { pieces: parts[part]!, artifact: name(part), source } }
      }),
    )
  let counts: Counts = { moments: [], keys: new BigUint64Array(), counts: new BigUint64Array() }
  for (const [part, own] of parts.entries()) {
    if (own.length === 0) continue
    counts = addCounts(counts, readCounts(artifacts.read(name(part)), name(part)))
    await artifacts.remove(name(part))
  }
  if (features.categories.minCount > 1) {
    const vocabulary = keepFrequent(counts, features.categories.minCount)
    artifacts.write(vocabularyArtifact, vocabulary)
    context.events.log(
      'info',
      `${counts.keys.length} distinct values, ${vocabulary.length / 8 - 1} of them seen ${features.categories.minCount} times or more`,
    )
  }
  return featurePlan(job, format, features.numbers.as === 'normalised' ? normalisation(counts) : undefined)
}
