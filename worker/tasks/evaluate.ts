/** Evaluate: scores pieces with the weights as they are. Sums go back by piece; scores, counted by logit, go up for the AUC of all ranks. */
import type { Evaluate__Output } from '../../proto/generated/lossmith/v1/Evaluate.js'
import type { PieceScore } from '../../proto/generated/lossmith/v1/PieceScore.js'
import { nativePiece, wireRejects } from '../native-source.js'
import { preparedRank } from '../prepared-rank.js'
import type { WorkerContext } from '../worker-context.js'

export async function evaluate({ pieces, scoresArtifact }: Evaluate__Output, context: WorkerContext): Promise<PieceScore[]> {
  const { trainer, feed } = preparedRank('evaluate', context)
  const { artifacts } = context
  const scores = await trainer.evaluate(feed, pieces.map(nativePiece), artifacts.path(scoresArtifact))
  await artifacts.send(scoresArtifact)
  return scores.map(({ piece, count, positives, logloss, predicted, correct, rejects }) => ({
    piece,
    count,
    positives,
    logloss,
    predicted,
    correct,
    rejects: wireRejects(rejects),
  }))
}
