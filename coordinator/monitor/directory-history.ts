/**
 * The past of a run as its directory holds it: events.jsonl says what happened when, metrics.jsonl and rejects.tsv what counts, timings.jsonl how
 * fast it was. Bounded memory however long the files are: what would be thinned out is not even parsed. Steps have no times of their own; they get
 * those between the lines of timings.jsonl.
 */
import { join } from 'node:path'
import type { MembersEvent__Output as MembersEvent } from '../../proto/generated/lossmith/v1/MembersEvent.js'
import type { MetricEvent__Output as MetricEvent } from '../../proto/generated/lossmith/v1/MetricEvent.js'
import type { PhaseEvent__Output as PhaseEvent } from '../../proto/generated/lossmith/v1/PhaseEvent.js'
import type { RejectEvent__Output as RejectEvent } from '../../proto/generated/lossmith/v1/RejectEvent.js'
import type { StepEvent__Output as StepEvent } from '../../proto/generated/lossmith/v1/StepEvent.js'
import type { StepLine } from '../run-directory.js'
import { EventHistory, type RunEvent, stepCapacity, surfaceCapacity } from './event-history.js'
import { LineTail } from './line-tail.js'
import { ThinnedGroups, ThinnedSteps } from './thinned.js'
import { StepTimes, type TimingLine } from './timings.js'

const rejectCapacity = 1000

interface SurfaceLine {
  surface: {
    step: number
    version: number
    field: string | null
    candidates: string[]
    probabilities: number[]
    rows: { label: number; value: string | null; weights: number[][] }[]
  }
}

/** What one reading of all files gives. */
class Past {
  readonly steps = new ThinnedSteps<string>(stepCapacity)
  readonly surfaces = new ThinnedGroups<string>(surfaceCapacity)
  /** By split and step: an evaluation that was done again after a resume counts once. */
  readonly metrics = new Map<string, MetricEvent>()
  readonly timings = new ThinnedGroups<TimingLine>(stepCapacity)
  rejects: RejectEvent[] = []
  rejectCount = 0
  /** Phases, logs, checkpoints, members. */
  readonly others = new EventHistory()
  /** When metrics and rejects were told, by key. */
  readonly told = new Map<string, number>()
  first: RunEvent | undefined
  last: RunEvent | undefined
  phase: PhaseEvent | undefined
  members: MembersEvent | undefined
}

export class DirectoryHistory {
  private readonly path: string
  private past = new Past()
  private tails: Record<'metrics' | 'events' | 'timings' | 'rejects', LineTail>

  constructor(path: string) {
    this.path = path
    this.tails = tailsOf(path)
  }

  /** Reads what the files have got since the last call. */
  refresh(): void {
    if (this.read()) return
    this.past = new Past()
    this.tails = tailsOf(this.path)
    this.read()
  }

  get rejectCount(): number {
    return this.past.rejectCount
  }

  /** The last that was entered. */
  get phase(): PhaseEvent | undefined {
    return this.past.phase
  }

  /** Of the last generation. */
  get members(): MembersEvent | undefined {
    return this.past.members
  }

  /** When the run was first heard of. */
  get startedUnixMs(): number {
    return this.past.first?.unixMs ?? 0
  }

  /** The last line of a step. */
  get lastStep(): { step: number; epoch: number } | undefined {
    const { newest } = this.past.steps
    return newest && parse<StepLine>(newest.value)
  }

  /** In order of time: steps and surfaces from `fromStep`; of the steps at most `limit`, evenly thinned, the newest always; of the rest the newest of each kind. */
  events(fromStep = 0, limit = Number.POSITIVE_INFINITY): RunEvent[] {
    const { steps, surfaces, metrics, rejects, others, told, timings } = this.past
    const times = new StepTimes(timings.list(), this.span())
    const lines = steps.list(fromStep, limit).flatMap((line) => parse<StepLine>(line) ?? [])
    const metricKeys = [...metrics].map(([key, metric]): RunEvent => ({ unixMs: told.get(key) ?? times.at(metric.step), kind: 'metric', metric }))
    let rejectedMs = this.startedUnixMs
    const all: RunEvent[] = [
      ...others.list(),
      ...surfaces.list(fromStep).flatMap((line) => surfaceEvent(line, times)),
      ...lines.map((line): RunEvent => ({ unixMs: times.at(line.step), kind: 'step', step: stepEvent(line, times) })),
      ...metricKeys,
      ...rejects.map((reject): RunEvent => {
        rejectedMs = told.get(rejectKey(reject)) ?? rejectedMs
        return { unixMs: rejectedMs, kind: 'reject', reject }
      }),
    ]
    return all.sort((a, b) => a.unixMs - b.unixMs)
  }

  /** Where steps are placed in time when timings.jsonl says nothing. */
  private span() {
    const { first, last, steps } = this.past
    return { fromMs: first?.unixMs ?? 0, toMs: last?.unixMs ?? 0, lastStep: steps.newest?.step ?? 0 }
  }

  private read(): boolean {
    const { past, tails } = this
    return (
      tails.events.read((line) => addEvent(past, line)) &&
      tails.metrics.read((line) => addMetricsLine(past, line)) &&
      tails.timings.read((line) => {
        const timing = parse<TimingLine>(line)
        if (timing !== undefined) past.timings.push(timing.step, timing)
      }) &&
      tails.rejects.read((line) => {
        const [file = '', number, reason = ''] = line.split('\t')
        past.rejects.push({ file, line: Number(number), reason })
        past.rejectCount++
        if (past.rejects.length > 1.1 * rejectCapacity) past.rejects = past.rejects.slice(-rejectCapacity)
      })
    )
  }
}

const tailsOf = (path: string) => ({
  metrics: new LineTail(join(path, 'metrics.jsonl')),
  events: new LineTail(join(path, 'events.jsonl')),
  timings: new LineTail(join(path, 'timings.jsonl')),
  rejects: new LineTail(join(path, 'rejects.tsv')),
})

function addEvent(past: Past, line: string) {
  const event = parse<RunEvent & { time?: string }>(line)
  if (event === undefined) return
  delete event.time
  past.first ??= event
  past.last = event
  if (event.phase) past.phase = event.phase
  if (event.members) past.members = event.members
  if (event.metric) past.told.set(metricKey(event.metric), event.unixMs)
  else if (event.reject) past.told.set(rejectKey(event.reject), event.unixMs)
  else past.others.keep(event)
  if (past.told.size > 10 * rejectCapacity) past.told.delete(past.told.keys().next().value!)
}

function addMetricsLine(past: Past, line: string) {
  const [, step, next] = /^\{"step":(\d+),"epoch":\d+,"(loss|split)"/.exec(line) ?? []
  if (next === 'loss') past.steps.push(Number(step), line)
  else if (next === 'split') {
    // JSON has no NaN: what one label alone, or no row, does not define is null there.
    const metric = parse<MetricEvent>(line, (_, value: unknown) => value ?? Number.NaN)
    if (metric !== undefined) past.metrics.set(metricKey(metric), metric)
  } else {
    const [, step] = /^\{"surface":\{"step":(\d+)/.exec(line) ?? []
    if (step !== undefined) past.surfaces.push(Number(step), line)
  }
}

function stepEvent({ step, epoch, loss, examples, weights = [], losses = [], validation }: StepLine, times: StepTimes): StepEvent {
  return {
    ...{ step, epoch, loss, examples, weights, losses },
    ...times.of(step, examples),
    validationLoss: validation ?? 0,
    // How many they were is not kept.
    validationExamples: validation === undefined ? 0 : 1,
  }
}

function surfaceEvent(line: string, times: StepTimes): RunEvent[] {
  const parsed = parse<SurfaceLine>(line)
  if (parsed === undefined) return []
  const { step, version, field, candidates, probabilities, rows } = parsed.surface
  const flat = rows.map(({ label, value, weights }) => ({ label, value: value ?? '', weights: weights.flat() }))
  return [{ unixMs: times.at(step), kind: 'surface', surface: { step, version, field: field ?? '', candidates, probabilities, rows: flat } }]
}

const metricKey = ({ split, step }: Pick<MetricEvent, 'split' | 'step'>) => `${split}\t${step}`
const rejectKey = ({ file, line }: Pick<RejectEvent, 'file' | 'line'>) => `${file}\t${line}`

/** Undefined where a line was torn: its writer was killed. */
function parse<T>(line: string, revive?: (key: string, value: unknown) => unknown): T | undefined {
  try {
    return JSON.parse(line, revive) as T
  } catch {
    return undefined
  }
}
