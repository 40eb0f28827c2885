/** The end of a run: the workers learn of it, a failure names the last checkpoint, and what the run came to is put together. */
import { join } from 'node:path'
import { LossmithError } from '../common/errors.js'
import { asLossmithError } from '../common/rpc/status.js'
import type { Ledger } from './ledger.js'
import type { Outcome } from './run.js'
import { enterPhase, type RunContext } from './run-context.js'
import { StoppedEarly } from './run-control.js'
import type { Metric } from './run-directory.js'

const finishMs = 5_000

export interface RunResult {
  status: 'done' | 'stopped'
  runDirectory: string
  step: number
  epoch: number
  world: number
  ledger: Ledger[]
  metrics: Metric[]
  /** Directory of the last checkpoint; empty when there is none. */
  checkpoint: string
  onnx?: string
  seconds: number
  /** Of training alone. */
  examplesPerSecond: number
  /** Mean time of a step; NaN when none was trained. */
  stepMs: number
  /** Part of it in which workers waited for the controller; 0 without one. */
  controllerWaitShare: number
}

/** Does the work and tells the workers how it ended. Rejects with LossmithError. */
export async function concludeRun(context: RunContext, work: () => Promise<Outcome>): Promise<RunResult> {
  const startedMs = performance.now()
  const outcome = await conclude(context, work)
  return resultOf(context, outcome, (performance.now() - startedMs) / 1000)
}

async function conclude(context: RunContext, work: () => Promise<Outcome>): Promise<Outcome> {
  const { control, tasks, status, membership, job } = context
  try {
    const outcome = await work()
    await finishWorkers(context, outcome.status === 'done' ? 'the run is done' : `stopped: ${control.stopReason}`)
    enterPhase(context, 'done', outcome.status)
    return outcome
  } catch (error) {
    if (error instanceof StoppedEarly) {
      await finishWorkers(context, `stopped: ${error.message}`)
      enterPhase(context, 'done', 'stopped')
      const position = { step: status.step, epoch: status.epoch, epochDone: false, cursors: [], validationCursors: [], ledger: [] }
      return {
        status: 'stopped',
        position,
        metrics: context.directory.metrics(),
        checkpoint: status.checkpoint,
        trainedExamples: 0,
        trainingSeconds: 0,
      }
    }
    control.fail(asLossmithError(error))
    const failure = withCheckpoint(control.failure!, status)
    status.error = failure.message
    tasks.end(control.failure!)
    enterPhase(context, 'failed', failure.message)
    // Heartbeats carry the news; who does not ask within two of them is gone.
    await membership.whenGone(Math.min(2 * job.cluster.heartbeatMs + 300, 3000))
    throw failure
  }
}

async function finishWorkers({ control, tasks, membership, events }: RunContext, message: string): Promise<void> {
  control.finish()
  const all = Promise.allSettled(membership.ranks.map(({ name }) => tasks.assign(name, membership.generation, { finish: { message } })))
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), finishMs)
  })
  if ((await Promise.race([all, late])) === undefined) events.log('warn', `not every worker said within ${finishMs} ms that it has finished`)
  clearTimeout(timer)
}

function withCheckpoint(error: LossmithError, { phase, checkpoint }: RunContext['status']): LossmithError {
  if (!['training', 'paused', 'saving', 'evaluating'].includes(phase) && checkpoint === '') return error
  const last = checkpoint === '' ? 'no checkpoint was written yet' : `the last checkpoint is ${checkpoint}`
  return new LossmithError(error.kind, error.code, `${error.message}; ${last}`, { cause: error })
}

function resultOf({ directory, membership, events }: RunContext, outcome: Outcome, seconds: number): RunResult {
  const { status, position, metrics, checkpoint, onnx, trainedExamples, trainingSeconds } = outcome
  return {
    status,
    runDirectory: directory.path,
    step: position.step,
    epoch: position.epoch,
    world: membership.ranks.length,
    ledger: position.ledger,
    metrics,
    checkpoint: checkpoint === '' ? '' : join(directory.checkpoints, checkpoint),
    ...(onnx === undefined ? {} : { onnx }),
    seconds,
    examplesPerSecond: trainingSeconds > 0 ? trainedExamples / trainingSeconds : 0,
    stepMs: events.stepMs,
    controllerWaitShare: events.controllerWaitShare,
  }
}
