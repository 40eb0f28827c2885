/**
 * What the page knows of one run: reduces the messages of its stream to bounded series and lists, and tells listeners at most once a frame.
 * Panels read its fields; only the feed calls the methods that change it. Knows no DOM.
 */
import type { Checkpoint, Member, MetricEvent, ProgressReply, RunDescription, RunEvent, RunInfo, StepEvent, SurfaceEvent } from './messages.js'
import { StepSeries } from './step-series.js'

const maxNotes = 1000
const maxMetrics = 4096
/** Steps with pictures of the controller, each of one picture or of one for each field. */
const maxSurfaces = 128
const maxRecent = 64
/** History that comes anew comes in parts: a chart of the first part alone would jump back and forth. */
const refillMs = 300
const paceDecay = 0.9
/** Phases that alternate as long as nobody interrupts. */
export const ofTraining: ReadonlySet<string> = new Set(['training', 'saving', 'evaluating'])

export interface StoreOptions {
  /** Calls back soon, once for all changes until then: a frame of the page. Default: 16 ms. */
  schedule?: (notify: () => void) => void
  /** Rows kept of the steps. */
  capacity?: number
}

export class RunStore {
  /** False until the stream is open, and while what it shows cannot be reached. */
  connected = false
  /** Why, for people. */
  message = 'connecting'
  /** Who does not answer: the run's coordinator, or the server of the page. */
  lost: '' | 'coordinator' | 'dashboard' = ''
  description: RunDescription | undefined
  /** When it came; 0: never. */
  describedMs = 0
  progress: ProgressReply | undefined
  phase = ''
  readonly steps: StepSeries
  latest: StepEvent | undefined
  /** The newest steps that came, at most 64, oldest first, with the times of each rank. */
  recent: StepEvent[] = []
  /** Evaluations, oldest first. */
  metrics: MetricEvent[] = []
  /** Pictures of the controller by step, oldest first, thinned; the first and the newest stay. */
  surfaces: SurfaceEvent[][] = []
  /** Everything else that happened, oldest first: phases, logs, rejects, checkpoints, members, evaluations. */
  notes: RunEvent[] = []
  checkpoints: Checkpoint[] = []
  members: Member[] = []
  /** Grows by every change. */
  version = 0

  private readonly listeners = new Set<() => void>()
  private readonly schedule: (notify: () => void) => void
  /** Since when it trains without a pause or a restart; 0: from its first step. */
  trainingSinceMs = 0
  private readonly phaseDetails = new Map<string, string>()
  /** Members of the generation whose steps come now: history brings old ones. */
  private dealt: Member[] = []
  /** Examples and milliseconds of each rank, fading. */
  private readonly pace = new Map<number, { examples: number; ms: number }>()
  private scheduled = false
  private stale = false
  private refilling = false

  constructor(
    readonly info: RunInfo,
    { schedule = (notify) => setTimeout(notify, 16), capacity }: StoreOptions = {},
  ) {
    this.schedule = schedule
    this.steps = new StepSeries(capacity)
    this.phase = info.phase
  }

  get id(): string {
    return this.info.id
  }

  /** Nothing more comes of it. */
  get over(): boolean {
    return this.phase === 'done' || this.phase === 'failed'
  }

  /** What the newest event of the phase says of it. */
  get phaseDetail(): string {
    return this.phaseDetails.get(this.phase) ?? ''
  }

  /** As its job names it. */
  get name(): string {
    return this.description?.name || this.info.name || this.info.label
  }

  /** What tells it from others: a run directory has a name of its own. */
  get title(): string {
    return this.info.kind === 'directory' ? this.info.label : this.name
  }

  /** Names of the losses that are mixed; empty where one is trained. */
  get candidates(): string[] {
    return this.description?.candidates ?? []
  }

  /** How its job says which losses are trained; undefined while the job is not known. */
  get lossMode(): string | undefined {
    return this.description?.jobYaml.match(/^loss:\n +mode: (\w+)$/m)?.[1]
  }

  /** Returns the end of the subscription. */
  subscribe(listener: () => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  setState({ connected, message }: { connected: boolean; message: string }): void {
    this.connected = connected
    this.message = message
    this.lost = connected ? '' : 'coordinator'
    this.changed()
  }

  /** The stream broke. */
  setLost(): void {
    this.connected = false
    this.message = 'the dashboard does not answer'
    this.lost = 'dashboard'
    this.changed()
  }

  setDescription(description: RunDescription): void {
    this.description = description
    this.describedMs = Date.now()
    this.members = description.members
    if (description.members.length > 0) this.dealt = description.members
    this.checkpoints = description.checkpoints ?? []
    this.phase = description.phase
    this.changed()
  }

  setProgress(progress: ProgressReply): void {
    this.progress = progress
    this.changed()
  }

  /** History follows anew: what came before goes when the first of it is there, so that nothing flickers. */
  reset(): void {
    this.stale = true
  }

  addEvents(events: readonly RunEvent[]): void {
    if (this.stale) this.forget()
    for (const event of events) this.add(event)
    this.changed()
  }

  private forget(): void {
    this.stale = false
    this.refilling = this.steps.length > 0
    this.steps.clear()
    this.pace.clear()
    this.trainingSinceMs = 0
    this.latest = undefined
    this.recent = []
    this.metrics = []
    this.surfaces = []
    this.notes = []
  }

  private add(event: RunEvent): void {
    if (event.step != null) this.addStep(event.step, event.unixMs)
    else if (event.surface != null) this.addSurface(event.surface)
    else {
      this.notes.push(event)
      if (this.notes.length > maxNotes) this.notes.shift()
      if (event.metric != null) this.addMetric(event.metric)
      if (event.phase != null) this.addPhase(event.phase, event.unixMs)
      if (event.members != null) this.dealt = event.members.members
    }
  }

  private addStep(step: StepEvent, unixMs: number): void {
    this.steps.push(step, unixMs, this.rates(step))
    this.latest = step
    while (this.recent.length > 0 && this.recent.at(-1)!.step >= step.step) this.recent.pop()
    this.recent.push(step)
    if (this.recent.length > maxRecent) this.recent.shift()
  }

  /** A rank's examples are the share of its lanes; while members are not known, all have the same. The means over about ten steps: a single one says little. */
  private rates({ ranks, examples }: StepEvent): Map<number, number> {
    const lanes = this.dealt.reduce((sum, { laneCount }) => sum + laneCount, 0)
    const rates = new Map<number, number>()
    for (const { rank, totalMs } of ranks ?? []) {
      const member = this.dealt.find((one) => one.rank === rank)
      const share = member !== undefined && lanes > 0 ? member.laneCount / lanes : 1 / ranks.length
      const past = this.pace.get(rank) ?? { examples: 0, ms: 0 }
      const pace = { examples: past.examples * paceDecay + examples * share, ms: past.ms * paceDecay + totalMs }
      this.pace.set(rank, pace)
      if (totalMs > 0) rates.set(rank, (1000 * pace.examples) / pace.ms)
    }
    return rates
  }

  private addMetric(metric: MetricEvent): void {
    const same = (other: MetricEvent) => other.split === metric.split && other.step >= metric.step
    this.metrics = this.metrics.filter((other) => !same(other))
    this.metrics.push(metric)
    if (this.metrics.length > maxMetrics) this.metrics.shift()
  }

  private addSurface(surface: SurfaceEvent): void {
    while (this.surfaces.length > 0 && this.surfaces.at(-1)![0]!.step > surface.step) this.surfaces.pop()
    const newest = this.surfaces.at(-1)
    if (newest === undefined || newest[0]!.step !== surface.step) this.surfaces.push([surface])
    else this.surfaces[this.surfaces.length - 1] = [...newest.filter(({ field }) => field !== surface.field), surface]
    if (this.surfaces.length > maxSurfaces) this.surfaces = this.surfaces.filter((_, i) => i % 2 === 0)
  }

  /** An event may be of long ago: a description, which follows every phase, says which is now. */
  private addPhase({ phase, detail }: { phase: string; detail: string }, unixMs: number): void {
    if (!ofTraining.has(phase)) this.trainingSinceMs = Number.POSITIVE_INFINITY
    else if (this.trainingSinceMs === Number.POSITIVE_INFINITY) this.trainingSinceMs = unixMs
    if (this.description === undefined) this.phase = phase
    this.phaseDetails.set(phase, detail)
  }

  private changed(): void {
    this.version++
    if (this.scheduled) return
    this.scheduled = true
    const notify = () => {
      if (this.refilling) {
        this.refilling = false
        setTimeout(() => this.schedule(notify), refillMs)
        return
      }
      this.scheduled = false
      for (const listener of [...this.listeners]) listener()
    }
    this.schedule(notify)
  }
}
