/**
 * A typed client of a run's Monitor service: what `lossmith watch`, the dashboard and programs of users look through (`lossmith/monitor`).
 * monitor.proto says what the messages mean. Every call has a deadline but Watch, which lasts as long as the run.
 */
import { download, unary } from '../../common/rpc/call.js'
import { channelOptions } from '../../common/rpc/channel-options.js'
import { type ConnectOptions, clientCredentials } from '../../common/rpc/credentials.js'
import { explainHangUp } from '../../common/rpc/speaks-tls.js'
import type { CheckpointNowReply__Output as CheckpointNowReply } from '../../proto/generated/lossmith/v1/CheckpointNowReply.js'
import type { MoveLanesReply__Output as MoveLanesReply } from '../../proto/generated/lossmith/v1/MoveLanesReply.js'
import type { PauseReply__Output as PauseReply } from '../../proto/generated/lossmith/v1/PauseReply.js'
import type { ProgressReply__Output as ProgressReply } from '../../proto/generated/lossmith/v1/ProgressReply.js'
import type { ResumeReply__Output as ResumeReply } from '../../proto/generated/lossmith/v1/ResumeReply.js'
import type { RunDescription__Output as RunDescription } from '../../proto/generated/lossmith/v1/RunDescription.js'
import type { RunEvent__Output as RunEvent } from '../../proto/generated/lossmith/v1/RunEvent.js'
import type { StopReply__Output as StopReply } from '../../proto/generated/lossmith/v1/StopReply.js'
import { contracts } from '../../proto/load.js'

export type { CheckpointNowReply, ConnectOptions, MoveLanesReply, PauseReply, ProgressReply, ResumeReply, RunDescription, RunEvent, StopReply }

export interface WatchOptions {
  /** Steps before this one are left out. Default: 0. */
  fromStep?: number
  /** At most so many past steps, evenly thinned. Default: 1,000. */
  history?: number
  /** At most so many live steps a second. Default: 10. */
  stepsPerSecond?: number
  /** Ends the stream, which then ends without an error. */
  signal?: AbortSignal
}

/** What can be asked of a run. Calls reject with LossmithError; of a run that takes no requests they resolve with `accepted` false and the reason. */
export interface Monitor {
  describe(): Promise<RunDescription>
  /** History first, then live, until the run ends. */
  watch(options?: WatchOptions): AsyncIterable<RunEvent>
  /** `cells`: parts to cut each file into. Default: 128. */
  progress(cells?: number): Promise<ProgressReply>
  pause(reason?: string): Promise<PauseReply>
  resume(): Promise<ResumeReply>
  checkpoint(): Promise<CheckpointNowReply>
  stop(reason?: string): Promise<StopReply>
  /** Gives `count` lanes of the member `from` to the member `to`. */
  moveLanes(from: string, to: string, count: number): Promise<MoveLanesReply>
  close(): void
}

const callMs = 10_000

/** Connects when the first call is made. @throws config `address-invalid`, `insecure-address`, `tls-file`, `token-invalid` */
export function connectMonitor(options: ConnectOptions): Monitor {
  const { address } = options
  const client = new contracts.lossmith.v1.Monitor(address, clientCredentials(options), channelOptions(options))
  const ask = async <Reply>(call: string, start: Parameters<typeof unary<Reply>>[0]): Promise<Reply> => {
    try {
      return await unary<Reply>(start, { timeoutMs: callMs, what: `${call} at ${address}` })
    } catch (error) {
      throw await explainHangUp(options, error)
    }
  }
  return {
    describe: () => ask<RunDescription>('Describe', (call, done) => client.describe({}, call, done)),
    progress: (cells = 0) => ask<ProgressReply>('Progress', (call, done) => client.progress({ cells }, call, done)),
    pause: (reason = '') => ask<PauseReply>('Pause', (call, done) => client.pause({ reason }, call, done)),
    resume: () => ask<ResumeReply>('Resume', (call, done) => client.resume({}, call, done)),
    checkpoint: () => ask<CheckpointNowReply>('CheckpointNow', (call, done) => client.checkpointNow({}, call, done)),
    stop: (reason = '') => ask<StopReply>('Stop', (call, done) => client.stop({ reason }, call, done)),
    moveLanes: (from, to, count) => ask<MoveLanesReply>('MoveLanes', (call, done) => client.moveLanes({ from, to, count }, call, done)),
    async *watch({ fromStep = 0, history = 0, stepsPerSecond = 0, signal } = {}) {
      if (signal?.aborted) return
      const request = { fromStep, history, stepsPerSecond }
      try {
        yield* download<RunEvent>((call) => client.watch(request, call), { timeoutMs: Number.POSITIVE_INFINITY, signal, what: `Watch at ${address}` })
      } catch (error) {
        if (!signal?.aborted) throw await explainHangUp(options, error)
      }
    },
    close: () => client.close(),
  }
}
