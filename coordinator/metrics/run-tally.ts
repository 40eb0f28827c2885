/**
 * Sums over what a run did since this coordinator began, for the counters of /metrics: a few additions a step, nothing that grows with the run.
 * Everything else that /metrics tells is looked up when it is asked for (prometheus.ts).
 */
import type { Checkpoint__Output as Checkpoint } from '../../proto/generated/lossmith/v1/Checkpoint.js'
import type { MetricEvent__Output as MetricEvent } from '../../proto/generated/lossmith/v1/MetricEvent.js'
import type { RankTimes__Output as RankTimes } from '../../proto/generated/lossmith/v1/RankTimes.js'
import type { StepEvent__Output as StepEvent } from '../../proto/generated/lossmith/v1/StepEvent.js'
import type { Ledger } from '../ledger.js'
import type { RunEvent } from '../monitor/run-events.js'

/** What the time of a step is made of, on one rank, one after the other. */
export const stepPhases = {
  read: 'readMs',
  compute: 'computeMs',
  exchange: 'exchangeMs',
  search: 'searchMs',
  update: 'updateMs',
  controller_wait: 'controllerWaitMs',
} as const satisfies Record<string, keyof RankTimes>

export type StepPhase = keyof typeof stepPhases
export const stepPhaseNames = Object.keys(stepPhases) as StepPhase[]

/** What became of rows, as the ledger counts them. */
export const rowOutcomes = ['trained', 'rejected', 'validation', 'test'] as const
export type RowOutcome = (typeof rowOutcomes)[number]

export class RunTally {
  steps = 0
  examples = 0
  /** Validation examples that the controller was shown. */
  controllerExamples = 0
  checkpoints = 0
  readonly logs = { info: 0, warn: 0, error: 0 }
  readonly rows: Record<RowOutcome, number> = { trained: 0, rejected: 0, validation: 0, test: 0 }
  /** By rank. */
  readonly phaseMs: Record<StepPhase, number>[] = []
  lastStep: StepEvent | undefined
  /** The last of a step that taught the controller. */
  validationLoss: number | undefined
  lastCheckpoint: Checkpoint | undefined
  /** By split, the last one. */
  readonly metrics = new Map<string, MetricEvent>()
  private ledger: Ledger | undefined

  /** `ledger` as it stands after the event. */
  add({ step, metric, checkpoint, log }: RunEvent, ledger: Ledger): void {
    if (step) this.addStep(step)
    else if (metric) this.metrics.set(metric.split, metric)
    else if (checkpoint) {
      this.checkpoints++
      this.lastCheckpoint = checkpoint
    } else if (log && log.level in this.logs) this.logs[log.level as keyof typeof this.logs]++
    if (ledger !== this.ledger) this.addRows(ledger)
  }

  private addStep(step: StepEvent) {
    this.lastStep = step
    this.steps++
    this.examples += step.examples
    this.controllerExamples += step.validationExamples
    if (step.validationExamples > 0) this.validationLoss = step.validationLoss
    for (const times of step.ranks) {
      let sums = this.phaseMs[times.rank]
      if (sums === undefined) {
        sums = { read: 0, compute: 0, exchange: 0, search: 0, update: 0, controller_wait: 0 }
        this.phaseMs[times.rank] = sums
      }
      for (const phase of stepPhaseNames) sums[phase] += times[stepPhases[phase]]
    }
  }

  /** Where a resumed run's first ledger stands was counted by the coordinator before this one. */
  private addRows(ledger: Ledger) {
    const last = this.ledger
    this.ledger = ledger
    if (last === undefined || last.epoch === 0) return
    for (const outcome of rowOutcomes) this.rows[outcome] += ledger[outcome] - (ledger.epoch === last.epoch ? last[outcome] : 0)
  }
}
