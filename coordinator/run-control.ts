/**
 * What may end or interrupt a run from outside its order: a failure, and what is asked of it: to stop, to pause, to write a checkpoint, to move
 * lanes. While the workers train all of these are one order, to yield: every rank stops after the same step, the run does what it was asked,
 * and goes on. Between two parts of a run it looks here by itself (run.ts).
 */
import type { LossmithError } from '../common/errors.js'
import type { LaneMove } from './move-lanes.js'

/** Thrown through the phases before training when the run is stopped there: nothing was trained, nothing is written. */
export class StoppedEarly extends Error {}

export class RunControl {
  /** Rejects when the run fails; never resolves. */
  readonly failed: Promise<never>
  stopReason: string | undefined
  /** Set from the moment when the pause is asked for until it is over. */
  pauseReason: string | undefined
  checkpointWanted = false
  /** Not yet done, in the order of asking. */
  readonly moves: LaneMove[] = []
  /** Steps may follow: a run that only evaluates, or will, has no place where it could pause. */
  trains = false
  failure: LossmithError | undefined
  /** Called when something is asked for while the workers train. */
  onOrder: (reason: string) => void = () => undefined
  private over = false
  private wake: () => void = () => undefined
  private rejectFailed: (error: Error) => void = () => undefined
  private rejectStopped: (error: Error) => void = () => undefined
  private readonly stopped: Promise<never>

  constructor() {
    this.failed = new Promise((_, reject) => (this.rejectFailed = reject))
    this.stopped = new Promise((_, reject) => (this.rejectStopped = reject))
    this.failed.catch(() => undefined)
    this.stopped.catch(() => undefined)
  }

  /** Why the ranks shall yield after their next step; undefined: they go on. */
  get yieldReason(): string | undefined {
    if (this.stopReason !== undefined) return this.stopReason
    if (this.pauseReason !== undefined) return 'pause'
    if (this.moves.length > 0) return 'move lanes'
    return this.checkpointWanted ? 'checkpoint' : undefined
  }

  /** Pauses and moves are for a run that goes on; a stop comes before both. */
  get takesOrders(): boolean {
    return this.trains && !this.over && this.failure === undefined && this.stopReason === undefined
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
    this.order()
  }

  checkpointNow(): void {
    this.checkpointWanted = true
    this.order()
  }

  pause(reason: string): void {
    this.pauseReason = reason
    this.order()
  }

  /** Ranks that were told to yield and have not yet will do so, and go on at once. */
  resume(): void {
    this.pauseReason = undefined
    this.wake()
  }

  move(move: LaneMove): void {
    this.moves.push(move)
    this.order()
  }

  /** Of a run that stands still: when something is asked of it. A failure ends the wait. */
  nextOrder(): Promise<void> {
    return this.guard(new Promise((resolve) => (this.wake = resolve)))
  }

  /** A wait that a failure ends. */
  guard<T>(promise: Promise<T>): Promise<T> {
    return Promise.race([promise, this.failed])
  }

  /** A wait that a failure or a stop ends: for everything before training. */
  guardEarly<T>(promise: Promise<T>): Promise<T> {
    return Promise.race([promise, this.failed, this.stopped])
  }

  private order() {
    this.onOrder(this.yieldReason!)
    this.wake()
  }
}
