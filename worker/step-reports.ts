/**
 * The Steps stream of one TrainEpoch: reports go up without waiting for an answer, at most a window of them unsent; an order to yield comes
 * down. `close` waits until the coordinator has taken them all, so that a task never completes before its last report.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { ServiceError } from '@grpc/grpc-js'
import { transientError } from '../common/errors.js'
import { fromStatus } from '../common/rpc/status.js'
import type { StepReport } from '../proto/generated/lossmith/v1/StepReport.js'
import type { CoordinatorLink } from './coordinator-link.js'

export interface StepReports {
  /** The coordinator wants the run to stop after a step that all ranks agree on. */
  readonly yieldAsked: boolean
  send(report: StepReport): Promise<void>
  close(): Promise<void>
  /** Gives the stream up; harmless after close. */
  cancel(): void
}

const closeMs = 10_000

/** `signal` gives the stream up from outside, also while a report waits to be sent. */
export function openStepReports(link: Pick<CoordinatorLink, 'address' | 'steps'>, signal: AbortSignal): StepReports {
  const stream = link.steps()
  const cancel = () => stream.cancel()
  signal.addEventListener('abort', cancel, { once: true })
  const what = `Steps at ${link.address}`
  let yieldAsked = false
  let failure: Error | undefined
  let ended = false
  let wake = () => {}
  const finish = (error?: Error) => {
    failure ??= error
    ended = true
    signal.removeEventListener('abort', cancel)
    wake()
  }
  stream.on('data', (order) => {
    yieldAsked ||= order.yield
  })
  stream.on('error', (error: ServiceError) => finish(fromStatus(error, what)))
  stream.on('end', () => finish())
  stream.on('drain', () => wake())

  return {
    get yieldAsked() {
      return yieldAsked
    },
    async send(report) {
      if (failure) throw failure
      if (ended) throw transientError('steps-closed', `[${what}] wanted to report step ${report.step}, the coordinator closed the stream`)
      // objectMode: the stream itself bounds what is unsent.
      if (!stream.write(report)) await new Promise<void>((resolve) => (wake = resolve))
      if (failure) throw failure
    },
    async close() {
      stream.end()
      if (!ended) await Promise.race([new Promise<void>((resolve) => (wake = resolve)), sleep(closeMs, undefined, { ref: false })])
      if (failure) throw failure
      if (!ended) throw transientError('rpc-timeout', `[${what}] wanted the reports taken within ${closeMs} ms`)
    },
    cancel,
  }
}
