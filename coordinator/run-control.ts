/** What may end or interrupt a run from outside its order: a failure, a request to stop, a request for a checkpoint. */
import type { LossmithError } from '../common/errors.js'

/** Thrown through the phases before training when the run is stopped there: nothing was trained, nothing is written. */
export class StoppedEarly extends Error {}

export class RunControl {
  /** Rejects when the run fails; never resolves. */
  readonly failed: Promise<never>
  stopReason: string | undefined
  checkpointWanted = false
  failure: LossmithError | undefined
  /** Called when a stop or a checkpoint is asked for while the workers train. */
  onOrder: (reason: string) => void = () => undefined
  private over = false
  private rejectFailed: (error: Error) => void = () => undefined
  private rejectStopped: (error: Error) => void = () => undefined
  private readonly stopped: Promise<never>

  constructor() {
    this.failed = new Promise((_, reject) => (this.rejectFailed = reject))
    this.stopped = new Promise((_, reject) => (this.rejectStopped = reject))
    this.failed.catch(() => undefined)
    this.stopped.catch(() => undefined)
  }

  /** The run has what it wanted: from here on a worker that goes is no failure. */
  finish(): void {
    this.over = true
  }

  /** The first failure counts. */
  fail(error: LossmithError): void {
    if (this.over || this.failure !== undefined) return
    this.failure = error
    this.rejectFailed(error)
  }

  stop(reason: string): void {
    if (this.stopReason !== undefined) return
    this.stopReason = reason
    this.rejectStopped(new StoppedEarly(reason))
    this.onOrder(reason)
  }

  checkpointNow(): void {
    this.checkpointWanted = true
    this.onOrder('checkpoint')
  }

  /** A wait that a failure ends. */
  guard<T>(promise: Promise<T>): Promise<T> {
    return Promise.race([promise, this.failed])
  }

  /** A wait that a failure or a stop ends: for everything before training. */
  guardEarly<T>(promise: Promise<T>): Promise<T> {
    return Promise.race([promise, this.failed, this.stopped])
  }
}
