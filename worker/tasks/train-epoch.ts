/** TrainEpoch: step after step, each reported, until the epoch ends, the last step is done, or all ranks agree to yield. */
import type { StepReport } from '../../proto/generated/lossmith/v1/StepReport.js'
import type { TrainEpoch__Output } from '../../proto/generated/lossmith/v1/TrainEpoch.js'
import type { TrainResult } from '../../proto/generated/lossmith/v1/TrainResult.js'
import { nativeCursor, nativePiece, wireRejects } from '../native-source.js'
import { preparedRank } from '../prepared-rank.js'
import { type Commit, step } from '../step.js'
import { openStepReports } from '../step-reports.js'
import type { WorkerContext } from '../worker-context.js'

export async function trainEpoch({ epoch, firstStep, lastStep, lanes }: TrainEpoch__Output, context: WorkerContext): Promise<TrainResult> {
  const rank = preparedRank('train-epoch', context)
  rank.feed.startEpoch(
    epoch,
    lanes.map(({ lane, pieces, cursor }) => ({ lane, pieces: pieces.map(nativePiece), cursor: nativeCursor(cursor) })),
  )
  const reports = openStepReports(context.link, context.member, context.signal)
  try {
    for (let number = firstStep; ; number++) {
      const commit = await step(number, reports.yieldAsked, rank)
      // A step without examples is the tail of an epoch: its rejects and held-out rows are reported, its number is not used up.
      context.step = commit.sum.examples > 0 ? number : number - 1
      await reports.send(report(commit, epoch, context))

      const reason = whyStop(commit, lastStep)
      if (reason === undefined) continue
      await reports.close()
      return { reason, step: context.step, cursors: commit.lanes.map(({ lane, cursor }) => ({ lane, cursor })) }
    }
  } finally {
    reports.end()
  }
}

/** The end of the epoch comes first: a checkpoint at it must not leave an empty step for the run that resumes. */
function whyStop({ sum, step }: Commit, lastStep: number): 'END_OF_EPOCH' | 'LAST_STEP' | 'ORDERED' | undefined {
  if (sum.exhausted) return 'END_OF_EPOCH'
  if (step === lastStep) return 'LAST_STEP'
  if (sum.order) return 'ORDERED'
  return undefined
}

function report(commit: Commit, epoch: number, { member, generation, threads }: WorkerContext): StepReport {
  const { step, lanes, sum, computeMs, exchangeMs, updateMs } = commit
  // Lanes wait for their batches on all threads at once.
  const readMs = lanes.reduce((total, lane) => total + lane.readMs, 0) / Math.min(threads, lanes.length)
  return {
    member,
    generation,
    step,
    epoch,
    lossSum: sum.lossSum,
    examples: sum.examples,
    lanes: lanes.map(({ lane, examples, lossSum, cursor, rejected, heldOut, heldOutTest, rejects }) => ({
      lane,
      examples,
      lossSum,
      cursor,
      rejected,
      heldOut,
      heldOutTest,
      rejects: wireRejects(rejects),
    })),
    times: { readMs, computeMs: Math.max(0, computeMs - readMs), exchangeMs, updateMs, totalMs: computeMs + exchangeMs + updateMs },
  }
}
