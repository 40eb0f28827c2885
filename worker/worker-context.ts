/** What every task of a worker may use, and what a rank holds from Prepare on. */
import type { LossmithError } from '../common/errors.js'
import type { Log } from '../common/log.js'
import type { ControllerPlan } from '../model/plan.js'
import type { Collective, Feed, Native, Trainer } from '../native/ts/binding.js'
import type { Prepare__Output } from '../proto/generated/lossmith/v1/Prepare.js'
import type { Artifacts } from './artifacts.js'
import type { CoordinatorLink } from './coordinator-link.js'

export interface WorkerContext {
  readonly native: Native
  readonly link: CoordinatorLink
  readonly member: string
  readonly artifacts: Artifacts
  readonly threads: number
  /** The address at which the other ranks reach this one. */
  readonly bind: string
  readonly lostAfterMs: number
  /** Ends with a LossmithError as reason: lost, told to stop, or asked to leave. */
  readonly signal: AbortSignal
  /** Its lines say rank, generation and step. */
  readonly log: Log
  generation: number
  /** The last committed step, for heartbeats. */
  step: number
  rank: Rank | null
}

export interface Rank {
  readonly spec: Prepare__Output
  readonly trainer: Trainer
  readonly feed: Feed
  /** Null where no controller weighs the losses. */
  readonly controller: ControllerPlan | null
  /** Of the controller's validation examples; null where none learns. */
  readonly validation: Feed | null
  /** Null in a world of one. */
  readonly collective: Collective | null
}

export function closeRank(rank: Rank): void {
  rank.collective?.abort()
  rank.collective?.close()
  rank.trainer.close()
  rank.feed.close()
  rank.validation?.close()
}

/** Rejects with its reason when the worker must end. */
export function whenEnded(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const end = () => reject(signal.reason as LossmithError)
    if (signal.aborted) end()
    else signal.addEventListener('abort', end, { once: true })
  })
}
