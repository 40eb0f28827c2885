/**
 * Scores the pieces of a split over all ranks. logloss is a float64 sum by piece, added in the order of pieces, divided by the count; AUC
 * comes from merged score counts (merge-scores.ts); calibration is Σ predicted / Σ positive. None depends on who scored what.
 */

import { brokenError } from '../common/errors.js'
import type { Piece__Output as Piece } from '../proto/generated/lossmith/v1/Piece.js'
import type { Reject__Output as Reject } from '../proto/generated/lossmith/v1/Reject.js'
import { mergeScores } from './merge-scores.js'
import { enterPhase, onEveryMember, type RunContext } from './run-context.js'
import type { Metric } from './run-directory.js'

export async function evaluateSplit(
  context: RunContext,
  split: string,
  pieces: readonly Piece[],
  position: { step: number; epoch: number },
): Promise<{ metric: Metric; rejects: Reject[] } | undefined> {
  if (pieces.length === 0) return undefined
  enterPhase(context, 'evaluating', `${split} after step ${position.step}`)
  const { artifacts, membership } = context
  const dealt = dealPieces(pieces, membership.ranks.length)
  const name = (rank: number) => `scores/${split}-${position.step}-${rank}`
  const results = await onEveryMember(context, ({ rank }) =>
    dealt[rank]!.length === 0 ? undefined : { evaluate: { pieces: dealt[rank]!, scoresArtifact: name(rank) } },
  )
  const scores = results.flatMap(({ evaluate }) => evaluate?.pieces ?? []).sort((a, b) => a.piece - b.piece)
  if (scores.length !== pieces.length)
    throw brokenError('pieces-missing', `[evaluate] ${split}: wanted ${pieces.length} pieces, got ${scores.length}`)
  const sum = (of: 'count' | 'positives' | 'logloss' | 'predicted') => scores.reduce((total, piece) => total + piece[of], 0)
  const [examples, positives] = [sum('count'), sum('positives')]

  const names = dealt.flatMap((own, rank) => (own.length === 0 ? [] : [name(rank)]))
  const merged = await mergeScores(names.map((artifact) => artifacts.path(artifact)))
  await Promise.all(names.map((artifact) => artifacts.remove(artifact)))
  if (merged.positives !== positives || merged.negatives !== examples - positives)
    throw brokenError(
      'scores-count',
      `[evaluate] ${split}: wanted scores of ${positives} positives and ${examples - positives} negatives, got ${merged.positives} and ${merged.negatives}`,
    )
  const calibration = positives > 0 ? sum('predicted') / positives : Number.NaN
  const metric = {
    ...position,
    split,
    auc: merged.auc,
    logloss: sum('logloss') / examples,
    calibration,
    examples,
    accuracy: Number.NaN,
    recalibrated: Number.NaN,
  }
  if (Number.isNaN(merged.auc))
    context.events.log('warn', `${split} has ${positives} clicked and ${merged.negatives} other rows: its AUC wants both and is not a number`)
  context.events.emit({ metric })
  return { metric, rejects: scores.flatMap(({ rejects }) => rejects) }
}

/** Each piece to the rank with the fewest rows so far. */
function dealPieces(pieces: readonly Piece[], world: number): Piece[][] {
  const dealt: Piece[][] = Array.from({ length: world }, () => [])
  const rows = new Array<number>(world).fill(0)
  for (const piece of pieces) {
    const rank = rows.indexOf(Math.min(...rows))
    dealt[rank]!.push(piece)
    rows[rank]! += piece.take
  }
  return dealt
}
