/** How long ago a worker was heard, from a description that itself is some time old. */
export interface Heartbeat {
  readonly ageMs: number
  /** Not heard for more than three heartbeats. */
  readonly late: boolean
}

/** A description comes every two seconds: until it is older than this, what it says is taken as it is. */
const freshMs = 3000

/** `heartbeatMs`: how often a worker says that it lives. `sinceMs`: since the description came. */
export function heartbeat(ageMs: number, sinceMs: number, heartbeatMs: number): Heartbeat {
  const age = ageMs + (sinceMs > freshMs ? sinceMs : 0)
  return { ageMs: age, late: age > 3 * heartbeatMs }
}
