/** What a terminal shows of a run: the last description and its events, reduced to bounded series and lists. Not how it looks: draw-screen.ts. */
import { parse } from 'yaml'
import type { RunDescription, RunEvent } from '../../coordinator/monitor/monitor-client.js'
import type { Point } from './curve.js'

type Step = NonNullable<RunEvent['step']>
export type Metric = NonNullable<RunEvent['metric']>
export type Checkpoint = NonNullable<RunEvent['checkpoint']>

export interface Notice {
  readonly unixMs: number
  readonly level: 'info' | 'warn' | 'error'
  readonly text: string
}

const seriesCapacity = 4096
const noticeCapacity = 200
/** Means are of so many steps. */
const recentSteps = 20
const paceMs = 60_000

export class RunView {
  description: RunDescription | undefined
  /** When `description` came, by the clock of this process. */
  describedMs = 0
  /** Under way, not a directory of the past. */
  live = false
  phase = ''
  latest: Step | undefined
  /** With their ranks' times. */
  recent: Step[] = []
  /** By step. */
  losses: Point[] = []
  rates: Point[] = []
  /** The newest of each split. */
  readonly metrics = new Map<string, Metric>()
  notices: Notice[] = []
  private checkpoint: Checkpoint | undefined
  private surfaceCandidates: readonly string[] = []
  private pace: { unixMs: number; rows: number }[] = []
  private maxSteps = 0

  /** Everything follows anew. */
  reset(live: boolean): void {
    Object.assign(this, { live, latest: undefined, recent: [], losses: [], rates: [], notices: [], pace: [] })
    this.metrics.clear()
  }

  describe(description: RunDescription, nowMs: number): void {
    if (description.jobYaml !== this.description?.jobYaml) this.maxSteps = maxStepsOf(description.jobYaml)
    this.description = description
    this.describedMs = nowMs
    this.phase = description.phase
  }

  take({ unixMs, step, metric, phase, log, reject, checkpoint, members, surface }: RunEvent): void {
    const say = (level: Notice['level'], text: string) => {
      this.notices.push({ unixMs, level, text })
      if (this.notices.length > noticeCapacity) this.notices.shift()
    }
    if (step) this.takeStep(step, unixMs)
    else if (metric) this.metrics.set(metric.split, metric)
    else if (phase) {
      if (phase.phase === 'paused') this.pace = []
      this.phase = phase.phase
      say(phase.phase === 'failed' ? 'error' : 'info', phase.detail === '' ? phase.phase : `${phase.phase}: ${phase.detail}`)
    } else if (log) say(log.level === 'warn' || log.level === 'error' ? log.level : 'info', log.message)
    else if (reject) say('warn', `rejected ${reject.file}:${reject.line}: ${reject.reason}`)
    else if (checkpoint) {
      this.checkpoint = checkpoint
      say('info', `checkpoint ${checkpoint.name}`)
    } else if (members && this.description) this.description = { ...this.description, generation: members.generation, members: members.members }
    else if (surface) this.surfaceCandidates = surface.candidates
  }

  /** By the run's paused phase, or a pause that was asked for. */
  get paused(): boolean {
    return this.phase === 'paused' || this.description?.paused === true
  }

  /** Names of the losses that are mixed. */
  get candidates(): readonly string[] {
    const { candidates = [] } = this.description ?? {}
    return candidates.length > 0 ? candidates : this.surfaceCandidates
  }

  /** Mean weight of each, over the last steps. */
  get weights(): number[] {
    return means(this.recent.map(({ weights }) => weights))
  }

  /** Of the last steps. */
  get loss(): number {
    const examples = this.recent.reduce((sum, step) => sum + step.examples, 0)
    return this.recent.reduce((sum, { loss, examples }) => sum + loss * examples, 0) / examples
  }

  /** The newest first. */
  get checkpoints(): readonly Checkpoint[] {
    const kept = [...(this.description?.checkpoints ?? [])].reverse()
    const { checkpoint } = this
    return checkpoint === undefined || kept.some(({ step }) => step >= checkpoint.step) ? kept : [checkpoint, ...kept]
  }

  /** Of the epoch, from 0 to 1; undefined while its rows are not counted. */
  get part(): number | undefined {
    const { latest, description } = this
    const rows = description?.rowsInEpoch ?? 0
    return latest !== undefined && rows > 0 ? Math.min(1, latest.rowsDone / rows) : undefined
  }

  /** Until the last step is trained, at the pace of the last minute; undefined while that cannot be told, or nothing is trained. */
  get leftMs(): number | undefined {
    const { latest, description, pace, maxSteps } = this
    const [first, last] = [pace[0], pace.at(-1)]
    if (!latest || !description || !first || !last || this.phase !== 'training' || description.rowsInEpoch <= 0) return undefined
    const perMs = (last.rows - first.rows) / (last.unixMs - first.unixMs)
    if (!(perMs > 0) || !Number.isFinite(perMs)) return undefined
    const rows = description.epochs * description.rowsInEpoch - last.rows
    const bySteps = maxSteps > 0 ? (maxSteps - latest.step) * description.batch : Number.POSITIVE_INFINITY
    return Math.max(0, Math.min(rows, bySteps)) / perMs
  }

  private takeStep(step: Step, unixMs: number): void {
    this.latest = step
    this.recent = [...this.recent, step].slice(-recentSteps)
    this.losses = bounded(this.losses, [step.step, step.loss])
    this.rates = bounded(this.rates, [step.step, step.examplesPerSecond])
    const rows = (step.epoch - 1) * (this.description?.rowsInEpoch ?? 0) + step.rowsDone
    this.pace.push({ unixMs, rows })
    while (this.pace.length > 2 && unixMs - this.pace[0]!.unixMs > paceMs) this.pace.shift()
  }
}

/** With one more point; when there are too many, every second one, the newest among them. */
function bounded(points: Point[], point: Point): Point[] {
  points.push(point)
  return points.length <= seriesCapacity ? points : points.filter((_, i) => (points.length - 1 - i) % 2 === 0)
}

function means(rows: readonly (readonly number[])[]): number[] {
  const width = Math.max(0, ...rows.map((row) => row.length))
  const full = rows.filter((row) => row.length === width)
  return Array.from({ length: width }, (_, j) => full.reduce((sum, row) => sum + row[j]!, 0) / full.length)
}

function maxStepsOf(jobYaml: string): number {
  try {
    return (parse(jobYaml) as { train?: { maxSteps?: number } } | null)?.train?.maxSteps ?? 0
  } catch {
    return 0 // of another version: there is only no estimate by steps
  }
}
