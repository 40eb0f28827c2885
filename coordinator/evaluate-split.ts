/**
 * Scores the pieces of a split over all ranks. logloss is a float64 sum by piece, added in the order of pieces, divided by the count; accuracy is
 * a count; AUC comes from merged score counts (merge-scores.ts); calibration is Σ predicted / Σ positive. None depends on who scored what. Classes
 * have a logloss and an accuracy; what is only defined for clicks is not a number there.
 */

import { brokenError } from '../common/errors.js'
import type { Piece__Output as Piece } from '../proto/generated/lossmith/v1/Piece.js'
import type { PieceScore__Output as PieceScore } from '../proto/generated/lossmith/v1/PieceScore.js'
import type { Reject__Output as Reject } from '../proto/generated/lossmith/v1/Reject.js'
import { mergeScores } from './merge-scores.js'
import { fitSlope, loglossAt } from './recalibrate.js'
import { enterPhase, onEveryMember, type RunContext } from './run-context.js'
import type { Metric } from './run-directory.js'

export interface Scoring {
  readonly step: number
  readonly epoch: number
  readonly classes: number
  /** Of the validation examples at this step; absent: no recalibration. */
  readonly slope?: number | undefined
}

export interface Scored {
  readonly metric: Metric
  readonly rejects: Reject[]
  /** Fitted on these examples, when they are validation; NaN where there is none (recalibrate.ts). */
  readonly slope: number
}

export async function evaluateSplit(
  context: RunContext,
  split: string,
  pieces: readonly Piece[],
  { step, epoch, classes, slope = Number.NaN }: Scoring,
): Promise<Scored | undefined> {
  if (pieces.length === 0) return undefined
  enterPhase(context, 'evaluating', `${split} after step ${step}`)
  const { artifacts, membership } = context
  const dealt = dealPieces(pieces, membership.ranks.length)
  const name = (rank: number) => `scores/${split}-${step}-${rank}`
  const results = await onEveryMember(context, ({ rank }) =>
    dealt[rank]!.length === 0 ? undefined : { evaluate: { pieces: dealt[rank]!, scoresArtifact: name(rank) } },
  )
  const scores = results.flatMap(({ evaluate }) => evaluate?.pieces ?? []).sort((a, b) => a.piece - b.piece)
  if (scores.length !== pieces.length)
    throw brokenError('pieces-missing', `[evaluate] ${split}: wanted ${pieces.length} pieces, got ${scores.length}`)
  const sum = (of: 'count' | 'logloss' | 'correct') => scores.reduce((total, piece) => total + piece[of], 0)
  const examples = sum('count')

  const names = dealt.flatMap((own, rank) => (own.length === 0 ? [] : [name(rank)]))
  const paths = names.map((artifact) => artifacts.path(artifact))
  const clicks = classes === 1 ? await clickMetrics(context, split, scores, paths) : { auc: Number.NaN, calibration: Number.NaN }
  const recalibrated = Number.isNaN(slope) || split === 'validation' ? Number.NaN : await loglossAt(paths, slope)
  const fitted = split === 'validation' && classes === 1 ? await fitSlope(paths) : Number.NaN
  await Promise.all(names.map((artifact) => artifacts.remove(artifact)))

  const metric = { step, epoch, split, logloss: sum('logloss') / examples, ...clicks, examples, accuracy: sum('correct') / examples, recalibrated }
  context.events.emit({ metric })
  return { metric, rejects: scores.flatMap(({ rejects }) => rejects), slope: fitted }
}

async function clickMetrics({ events }: RunContext, split: string, scores: readonly PieceScore[], paths: readonly string[]) {
  const sum = (of: 'count' | 'positives' | 'predicted') => scores.reduce((total, piece) => total + piece[of], 0)
  const positives = sum('positives')
  const negatives = sum('count') - positives
  const merged = await mergeScores(paths)
  if (merged.positives !== positives || merged.negatives !== negatives)
    throw brokenError(
      'scores-count',
      `[evaluate] ${split}: wanted scores of ${positives} positives and ${negatives} negatives, got ${merged.positives} and ${merged.negatives}`,
    )
  if (Number.isNaN(merged.auc))
    events.log('warn', `${split} has ${positives} clicked and ${negatives} other rows: its AUC wants both and is not a number`)
  return { auc: merged.auc, calibration: positives > 0 ? sum('predicted') / positives : Number.NaN }
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
