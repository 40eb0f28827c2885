/** A commit as the coordinator is told of it. */
import type { StepReport } from '../proto/generated/lossmith/v1/StepReport.js'
import type { Commit } from './commit.js'
import { wireRejects } from './native-source.js'
import type { WorkerContext } from './worker-context.js'

export function stepReport(commit: Commit, epoch: number, { member, generation, threads }: WorkerContext): StepReport {
  const { step, lanes, sum, lesson, times } = commit
  const { computeMs, exchangeMs, updateMs, searchMs, controllerWaitMs } = times
  // Lanes wait for their batches on all threads at once.
  const readMs = lanes.reduce((total, lane) => total + lane.readMs, 0) / Math.min(threads, lanes.length)
  return {
    member,
    generation,
    step,
    epoch,
    lossSum: sum.lossSum,
    examples: sum.examples,
    lanes: lanes.map(({ lane, examples, lossSum, cursor, rejected, heldOut, heldOutTest, rejects, candidates }) => ({
      lane,
      examples,
      lossSum,
      cursor,
      rejected,
      heldOut,
      heldOutTest,
      rejects: wireRejects(rejects),
      candidates: Array.from(candidates),
    })),
    times: {
      readMs,
      computeMs: Math.max(0, computeMs - readMs),
      exchangeMs,
      updateMs,
      searchMs,
      controllerWaitMs,
      totalMs: controllerWaitMs + computeMs + exchangeMs + searchMs + updateMs,
    },
    validationSum: lesson?.lossSum ?? 0,
    validationExamples: lesson?.examples ?? 0,
  }
}
