/**
 * A run as TensorBoard shows it, in <run>/tensorboard: scalars of steps, thinned to two a second and the last one before each change of phase;
 * of evaluations; and the controller's surface as images. docs/monitoring.md lists the tags.
 */
import { join } from 'node:path'
import type { MetricEvent__Output as MetricEvent } from '../../proto/generated/lossmith/v1/MetricEvent.js'
import type { StepEvent__Output as StepEvent } from '../../proto/generated/lossmith/v1/StepEvent.js'
import type { SurfaceEvent__Output as SurfaceEvent } from '../../proto/generated/lossmith/v1/SurfaceEvent.js'
import type { RunEvent } from '../monitor/run-events.js'
import type { RunContext } from '../run-context.js'
import type { SummaryValue } from './event-record.js'
import { stepPhaseNames, stepPhases } from './run-tally.js'
import { surfaceImage } from './surface-image.js'
import { TensorboardWriter } from './tensorboard-writer.js'

const stepEveryMs = 500
/** Of one surface: labels times values of a field. */
const maxImages = 16

export class RunTensorboard {
  private readonly context: Pick<RunContext, 'status' | 'directory' | 'events'>
  private readonly restartAt: number | undefined
  /** Made for the first thing to write: a run that cannot begin leaves no file. */
  private writer: TensorboardWriter | undefined
  private lastStepMs = 0
  /** The last step that was not written. */
  private pending: { step: StepEvent; unixMs: number } | undefined
  /** Sums over ranks and steps since the last step that was written. */
  private readonly times = { count: 0, totalMs: 0, phaseMs: new Float64Array(stepPhaseNames.length) }

  /** `restartAt`: the first step that is trained anew. */
  constructor(context: Pick<RunContext, 'status' | 'directory' | 'events'>, restartAt: number | undefined) {
    this.context = context
    this.restartAt = restartAt
  }

  add({ unixMs, step, metric, surface, phase }: RunEvent): void {
    if (step) this.addStep(step, unixMs)
    else if (metric) this.write(metric.step, unixMs, metricValues(metric))
    else if (surface) this.write(surface.step, unixMs, surfaceValues(surface))
    else if (phase) {
      if (this.pending !== undefined) this.writeStep(this.pending.step, this.pending.unixMs)
      void this.writer?.flush()
    }
  }

  /** Resolves when all is written. */
  async close(): Promise<void> {
    await this.writer?.flush()
  }

  private addStep(step: StepEvent, unixMs: number) {
    const { times } = this
    for (const rank of step.ranks) {
      times.count++
      times.totalMs += rank.totalMs
      for (let i = 0; i < stepPhaseNames.length; i++) times.phaseMs[i]! += rank[stepPhases[stepPhaseNames[i]!]]
    }
    if (unixMs - this.lastStepMs >= stepEveryMs) this.writeStep(step, unixMs)
    else this.pending = { step, unixMs }
  }

  private writeStep(step: StepEvent, unixMs: number) {
    this.pending = undefined
    this.lastStepMs = unixMs
    const { times } = this
    const { candidates } = this.context.status
    const each = (group: string, values: readonly number[]) => values.map((value, i) => scalar(`${group}/${candidates[i] ?? i}`, value))
    const seconds = (ms: number) => ms / times.count / 1000
    this.write(step.step, unixMs, [
      scalar('train/loss', step.loss),
      scalar('train/examples_per_second', step.examplesPerSecond),
      scalar('train/epoch', step.epoch),
      ...each('candidate_weight', step.weights),
      ...each('candidate_loss', step.losses),
      ...(step.validationExamples > 0 ? [scalar('validation/loss', step.validationLoss)] : []),
      ...(times.count > 0 ? [scalar('step_seconds/total', seconds(times.totalMs))] : []),
      ...(times.count > 0 ? stepPhaseNames.map((phase, i) => scalar(`step_seconds/${phase}`, seconds(times.phaseMs[i]!))) : []),
    ])
    times.count = times.totalMs = 0
    times.phaseMs.fill(0)
  }

  private write(step: number, unixMs: number, value: SummaryValue[]) {
    if (value.length === 0) return
    this.writer ??= this.openWriter()
    this.writer.add({ wallTime: unixMs / 1000, step, summary: { value } })
  }

  private openWriter(): TensorboardWriter {
    const { directory, events } = this.context
    const onError = ({ message }: Error) => events.log('warn', `no more events for TensorBoard are written: ${message}`)
    return new TensorboardWriter({ directory: join(directory.path, 'tensorboard'), restartAt: this.restartAt, onError })
  }
}

const scalar = (tag: string, simpleValue: number): SummaryValue => ({ tag, simpleValue })

/** What one label alone does not define is no number and has no point. */
function metricValues({ split, auc, logloss, recalibrated, accuracy, calibration }: MetricEvent): SummaryValue[] {
  const values = Object.entries({ auc, logloss, recalibrated_logloss: recalibrated, accuracy, calibration })
  return values.filter(([, value]) => Number.isFinite(value)).map(([name, value]) => scalar(`${split}/${name}`, value))
}

/** A picture for each label, and for each value of a field where the surface is by one. Its tag names the candidates: not every reader shows descriptions. */
function surfaceValues({ field, candidates, probabilities, rows }: SurfaceEvent): SummaryValue[] {
  const names = candidates.join(', ')
  const across = `predicted probability from ${probabilities[0]} to ${probabilities.at(-1)}, left to right`
  const summaryDescription = `Weights of ${names}, from the top down, over the ${across}; pale: 0, dark: 1.`
  return rows.slice(0, maxImages).map(({ label, value, weights }) => ({
    tag: `${field === '' ? 'surface' : `surface_by_${field}/${value}`}/label_${label}: ${names}`,
    image: surfaceImage(weights, candidates.length),
    metadata: { pluginData: { pluginName: 'images' }, summaryDescription },
  }))
}
