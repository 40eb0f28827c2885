/**
 * Follows a run through its Monitor until it ends: describes it, takes its events, and tries again while its coordinator is gone. Knows nothing of
 * how it is shown.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { transientError } from '../../common/errors.js'
import { asLossmithError } from '../../common/rpc/status.js'
import type { ShownRun } from '../../coordinator/dashboard/shown-run.js'
import type { Monitor, RunDescription, RunEvent } from '../../coordinator/monitor/monitor-client.js'

export interface Follower {
  /** The run answers, for the first time or again: its history follows. `live`: it is under way, more will come. */
  connected(monitor: Monitor, live: boolean): void
  described(description: RunDescription): void
  event(event: RunEvent): void
  /** The run has answered before and does so no more. */
  lost(reason: string): void
}

export interface FollowOptions {
  readonly run: ShownRun
  readonly follower: Follower
  /** Past steps to ask for. */
  readonly history: number
  /** How long a run that is lost may take to come back. */
  readonly patienceMs: number
  readonly signal: AbortSignal
}

const describeMs = 2000
const againMs = 1000

/**
 * Resolves when the run has ended well or was stopped, or when `signal` says so.
 * @throws transient `run-failed`, `coordinator-lost`; what the first call meets
 */
export async function followRun(options: FollowOptions): Promise<void> {
  const { run, follower, patienceMs, signal } = options
  let heardMs: number | undefined
  const heard = () => {
    heardMs = Date.now()
  }
  while (!signal.aborted) {
    const found = await run.coordinator()
    const reason = found.monitor === undefined ? found.reason : ''
    const stored = found.monitor === undefined && heardMs === undefined ? run.stored() : undefined
    try {
      const monitor = found.monitor ?? stored
      if (monitor === undefined) throw transientError('coordinator-lost', reason)
      return await followOnce(monitor, stored === undefined ? undefined : reason, options, heard)
    } catch (thrown) {
      if (signal.aborted) return
      const error = asLossmithError(thrown)
      if (heardMs === undefined || stored !== undefined || error.kind !== 'transient' || error.code === 'run-failed') throw error
      const seconds = Math.round(patienceMs / 1000)
      if (Date.now() - heardMs > patienceMs)
        throw transientError('coordinator-lost', `${run.where} has not answered for ${seconds} s: ${error.message}`)
      follower.lost(error.message)
    }
    await sleep(againMs, undefined, { signal }).catch(() => undefined)
  }
}

/** One connection, until the run ends. `storedFor`: why a directory is looked at as it lies there; undefined: a coordinator answers. */
async function followOnce(monitor: Monitor, storedFor: string | undefined, { follower, history, signal }: FollowOptions, heard: () => void) {
  const live = storedFor === undefined
  const description = await monitor.describe()
  let { phase, error: detail } = description
  heard()
  follower.connected(monitor, live)
  follower.described(description)
  // What comes late or not at all is told by the stream.
  const describe = async () => {
    const now = await monitor.describe().catch(() => undefined)
    if (now === undefined) return
    // A run that is paused has no events.
    heard()
    follower.described(now)
  }
  const timer = live ? setInterval(describe, describeMs) : undefined
  try {
    for await (const event of monitor.watch({ history, signal })) {
      heard()
      if (event.phase) ({ phase, detail } = event.phase)
      follower.event(event)
    }
  } finally {
    clearInterval(timer)
  }
  if (signal.aborted) return
  await describe()
  if (phase === 'failed') throw transientError('run-failed', `the run failed: ${detail}`)
  if (phase === 'done') return
  const where = `it stood in phase ${phase} at step ${description.step}`
  throw transientError('coordinator-lost', live ? 'its coordinator is gone' : `${storedFor}; ${where}`)
}
