/** What happens in a run goes to its directory; what cannot be written ends the run. */
import { asLossmithError } from '../common/rpc/status.js'
import { TimingLog } from './monitor/timing-log.js'
import type { RunContext } from './run-context.js'

/** `startedMs`: when the run began, by an earlier coordinator; 0: it begins now. */
export function keepEvents({ directory, control, events }: RunContext, startedMs: number): void {
  const fail = (error: unknown) => control.fail(asLossmithError(error))
  const timings = new TimingLog(startedMs, (line) => directory.addTiming(line))
  directory.onFailure = fail
  events.subscribe((event) => {
    try {
      timings.take(event)
      directory.addEvent(event)
    } catch (error) {
      fail(error)
    }
  })
}

/** Nothing waits to be written any more, and the directory is free for the next coordinator. */
export function leaveDirectory({ directory, control }: RunContext): void {
  try {
    directory.flush()
  } catch (error) {
    control.fail(asLossmithError(error))
  } finally {
    directory.withdraw()
    directory.unlock()
  }
}
