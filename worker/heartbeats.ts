/**
 * Says to the coordinator every `heartbeatMs` that this worker lives, and finds out when the coordinator does not: no answer for
 * `lostAfterMs`, whether calls fail or hang. Only time in which this process ran counts: a worker that was stopped and continues asks first.
 */
import { type LossmithError, transientError } from '../common/errors.js'
import { asLossmithError } from '../common/rpc/status.js'
import type { CoordinatorLink } from './coordinator-link.js'

export interface HeartbeatOptions {
  link: Pick<CoordinatorLink, 'address' | 'heartbeat'>
  heartbeatMs: number
  lostAfterMs: number
  status: () => { member: string; generation: number; step: number }
  /** Called once: the coordinator is lost, told us to stop, or does not know us. */
  onEnd: (reason: LossmithError) => void
}

export function startHeartbeats({ link, heartbeatMs, lostAfterMs, status, onEnd }: HeartbeatOptions): { stop(): void } {
  const tickMs = Math.max(10, Math.min(heartbeatMs, lostAfterMs / 8))
  let silentMs = 0
  let lastTick = performance.now()
  let lastSent = Number.NEGATIVE_INFINITY
  let inFlight = false
  let lastError = ''

  const beat = async (now: number) => {
    lastSent = now
    inFlight = true
    try {
      const reply = await link.heartbeat(status(), lostAfterMs)
      silentMs = 0
      if (reply.stop) end(transientError('run-stopped', `the coordinator at ${link.address} ended the run: ${reply.reason}`))
    } catch (thrown) {
      const error = asLossmithError(thrown)
      lastError = error.message
      if (error.kind !== 'transient') end(error)
    } finally {
      inFlight = false
    }
  }
  const tick = () => {
    const now = performance.now()
    silentMs += Math.min(now - lastTick, 2 * tickMs)
    lastTick = now
    if (silentMs > lostAfterMs) {
      const why = lastError === '' ? '' : ` (${lastError})`
      end(transientError('coordinator-lost', `the coordinator at ${link.address} has not answered for ${lostAfterMs} ms${why}`))
    } else if (!inFlight && now - lastSent >= heartbeatMs) void beat(now)
  }
  const end = (reason: LossmithError) => {
    if (!stop()) return
    onEnd(reason)
  }
  const stop = () => {
    const running = timer !== undefined
    clearInterval(timer)
    timer = undefined
    return running
  }
  let timer: NodeJS.Timeout | undefined = setInterval(tick, tickMs)
  return { stop }
}
