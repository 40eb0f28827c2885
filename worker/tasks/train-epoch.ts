/** TrainEpoch: step after step, each reported, until the epoch ends, the last step is done, or all ranks agree to yield. */
import type { LanePlan__Output } from '../../proto/generated/lossmith/v1/LanePlan.js'
import type { TrainEpoch__Output } from '../../proto/generated/lossmith/v1/TrainEpoch.js'
import type { TrainResult } from '../../proto/generated/lossmith/v1/TrainResult.js'
import type { Commit, StepParts } from '../commit.js'
import { controllerOf, openControllerLink } from '../controller-link.js'
import { nativeCursor, nativePiece } from '../native-source.js'
import { preparedRank } from '../prepared-rank.js'
import { step } from '../step.js'
import { stepReport } from '../step-report.js'
import { openStepReports } from '../step-reports.js'
import type { Rank, WorkerContext } from '../worker-context.js'

export async function trainEpoch(task: TrainEpoch__Output, context: WorkerContext): Promise<TrainResult> {
  const { epoch, firstStep, lastStep, lanes, validation } = task
  const rank = preparedRank('train-epoch', context)
  rank.feed.startEpoch(epoch, lanes.map(nativeLane))
  let validationCursors: TrainResult['validation'] = validation.map(({ lane, cursor }) => ({ lane, cursor }))
  const reports = openStepReports(context.link, context.member, context.signal)
  const controller = startController(rank, task, context)
  const parts = { trainer: rank.trainer, feed: rank.feed, controller }
  try {
    for (let number = firstStep; ; number++) {
      const commit = await step(number, reports.yieldAsked, parts)
      // A step without examples is the tail of an epoch: its rejects and held-out rows are reported, its number is not used up.
      context.step = commit.sum.examples > 0 ? number : number - 1
      validationCursors = commit.lesson?.cursors.map((of) => ({ ...of })) ?? validationCursors
      await reports.send(stepReport(commit, epoch, context))

      const reason = whyStop(commit, lastStep)
      if (reason === undefined) continue
      // A checkpoint holds what the controller learned from the last step: nobody saves before all have that.
      await controller?.learning?.link.answer()
      await Promise.all([reports.close(), controller?.learning?.link.close()])
      return { reason, step: context.step, cursors: commit.lanes.map(({ lane, cursor }) => ({ lane, cursor })), validation: validationCursors }
    }
  } finally {
    controller?.learning?.link.end()
    reports.end()
  }
}

/** The controller as the epoch begins with it. Validation lanes go round and round over the epochs: their order depends on the pass. */
function startController(rank: Rank, task: TrainEpoch__Output, context: WorkerContext): StepParts['controller'] {
  if (rank.controller === null || !task.controller) return null
  const { phi, version } = controllerOf(task.controller)
  rank.trainer.setController(phi, version)
  if (rank.validation === null) return { plan: rank.controller, learning: null }
  rank.validation.startEpoch(0, task.validation.map(nativeLane), true)
  return { plan: rank.controller, learning: { feed: rank.validation, link: openControllerLink(context.link, context, version, context.signal) } }
}

const nativeLane = ({ lane, pieces, cursor }: LanePlan__Output) => ({ lane, pieces: pieces.map(nativePiece), cursor: nativeCursor(cursor) })

/** The end of the epoch comes first: a checkpoint at it must not leave an empty step for the run that resumes. */
function whyStop({ sum, step }: Commit, lastStep: number): 'END_OF_EPOCH' | 'LAST_STEP' | 'ORDERED' | undefined {
  if (sum.exhausted) return 'END_OF_EPOCH'
  if (step === lastStep) return 'LAST_STEP'
  if (sum.order) return 'ORDERED'
  return undefined
}
