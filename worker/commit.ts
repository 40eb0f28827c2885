/** What a step takes, and what it leaves when this rank has finished it. */
import type { ControllerPlan } from '../model/plan.js'
import type { Feed, LaneResult, NativeCursor, StepSummary, Trainer } from '../native/ts/binding.js'
import type { ControllerLink } from './controller-link.js'

export interface StepParts {
  readonly trainer: Trainer
  readonly feed: Feed
  /** Null where no controller weighs the losses. */
  readonly controller: {
    readonly plan: ControllerPlan
    /** Null where it is frozen. `feed` has the validation examples. */
    readonly learning: { readonly feed: Feed; readonly link: ControllerLink } | null
  } | null
}

export interface Commit {
  readonly step: number
  /** This rank's lanes. */
  readonly lanes: readonly LaneResult[]
  /** Over all lanes of all ranks, the same on every rank. */
  readonly sum: StepSummary
  /** Null in a step that taught the controller nothing. */
  readonly lesson: Lesson | null
  readonly times: {
    /** Of the coordinator's answer, before the step. */
    readonly controllerWaitMs: number
    readonly computeMs: number
    readonly exchangeMs: number
    readonly searchMs: number
    readonly updateMs: number
  }
}

export interface Lesson {
  /** Of all lanes, and their validation objective. */
  readonly examples: number
  readonly lossSum: number
  /** Of this rank's validation lanes. */
  readonly cursors: readonly { lane: number; cursor: NativeCursor }[]
}
