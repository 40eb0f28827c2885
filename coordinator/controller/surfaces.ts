/**
 * Pictures of the controller over a run: few, denser at the beginning where it moves most, always one of the end of an epoch. When one is due
 * depends on steps alone, and it is written right after its step's line: metrics.jsonl has the same bytes whoever trained and however often
 * the run was resumed. phi is copied when it is learned; the picture is made later, when no rank waits for phi.
 */
import type { ControllerState } from './controller-state.js'

export interface Snapshot {
  readonly step: number
  readonly version: number
  readonly phi: Float32Array
}

export class Surfaces {
  private readonly state: ControllerState
  private readonly epochSteps: number
  private readonly write: (snapshot: Snapshot) => void
  private last: { step: number; version: number } | undefined
  private taken: Snapshot | undefined

  /** `last`: what the run has written already. `epochSteps`: about as many as an epoch has. */
  constructor(state: ControllerState, epochSteps: number, last: { step: number; version: number } | undefined, write: (snapshot: Snapshot) => void) {
    this.state = state
    this.epochSteps = epochSteps
    this.write = write
    this.last = last
  }

  /** Before the first step of a run. */
  begin(): void {
    if (this.last === undefined) this.keep(this.take(0))
  }

  /** The controller has learned from this step. */
  learned(step: number): void {
    if (this.taken === undefined && step >= nextStep(this.last?.step ?? 0, this.epochSteps)) this.taken = this.take(step)
  }

  /** The step's line is written. */
  committed(step: number): void {
    if (this.taken?.step === step) this.keep(this.taken)
  }

  /** No step is under way and none follows soon. */
  finish(step: number): void {
    if (this.last === undefined || this.last.version < this.state.version) this.keep(this.take(step))
  }

  private take(step: number): Snapshot {
    return { step, version: this.state.version, phi: this.state.phi.slice() }
  }

  private keep(snapshot: Snapshot): void {
    this.last = { step: snapshot.step, version: snapshot.version }
    this.taken = undefined
    this.write(snapshot)
  }
}

/** 60 an epoch at first, then fewer as the steps grow in number: about 25 in the first epoch, 60 in ten. */
export const nextStep = (last: number, epochSteps: number): number => 1.07 * last + Math.max(1, epochSteps / 60)
