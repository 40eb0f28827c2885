/**
 * The Steps stream of one TrainEpoch: reports go up without waiting for an answer, at most a window of them unsent; an order to yield comes
 * down. `close` waits until the coordinator has taken them all, so that a task never completes before its last report. However training
 * ends here, the stream is ended, not cut: a stream that breaks is how the coordinator sees a worker die.
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
  /** Sends what is left and waits for nothing; harmless after close. */
  end(): void
}

const closeMs = 10_000

/** `signal` ends every wait. The first message, step 0, only says whose stream this is. */
export function openStepReports(link: Pick<CoordinatorLink, 'address' | 'steps'>, member: string, signal: AbortSignal): StepReports {
  const stream = link.steps()
  const what = `Steps at ${link.address}`
  let yieldAsked = false
  let failure: Error | undefined
  let ended = false
  let wake = () => {}
  const finish = (error?: Error) => {
    failure ??= error
    ended = true
    signal.removeEventListener('abort', abort)
    wake()
  }
  const abort = () => finish(signal.reason as Error)
  const woken = () => new Promise<void>((resolve) => (wake = resolve))
  signal.addEventListener('abort', abort, { once: true })
  stream.on('data', (order) => {
    yieldAsked ||= order.yield
  })
  stream.on('error', (error: ServiceError) => finish(fromStatus(error, what)))
  stream.on('end', () => finish())
  stream.on('drain', () => wake())
  stream.write({ member })

  return {
    get yieldAsked() {
      return yieldAsked
    },
    async send(report) {
      if (ended && !failure)
        failure = transientError('steps-closed', `[${what}] wanted to report step ${report.step}, the coordinator closed the stream`)
      if (failure) throw failure
      // objectMode: the stream itself bounds what is unsent.
      if (!stream.write(report)) await woken()
      if (failure) throw failure
    },
    async close() {
      stream.end()
      if (!ended) await Promise.race([woken(), sleep(closeMs, undefined, { ref: false })])
      if (failure) throw failure
      if (!ended) throw transientError('rpc-timeout', `[${what}] wanted the reports taken within ${closeMs} ms`)
    },
    end() {
      stream.end()
    },
  }
}
