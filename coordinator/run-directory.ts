/**
 * The directory of a run: job.yaml, data.json (what the index found), artifacts/, checkpoints/, metrics.jsonl, events.jsonl, timings.jsonl, rejects.tsv,
 * model.onnx; coordinator.lock and coordinator.json (where it listens) while a coordinator works on it. metrics.jsonl and rejects.tsv grow at commits
 * and are cut to a checkpoint's lengths on resume; they hold no times, so that a resumed run ends with the same bytes.
 */
import {
  appendFileSync,
  closeSync,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { hostname } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { diskError } from '../common/checkpoint/checkpoint-writer.js'
import type { DataFacts } from '../common/data-facts.js'
import { configError, type LossmithError } from '../common/errors.js'
import type { FeaturePlan } from '../common/job/features.js'
import type { Job } from '../common/job/job.js'
import type { FileIndex__Output as FileIndex } from '../proto/generated/lossmith/v1/FileIndex.js'
import type { Reject__Output as Reject } from '../proto/generated/lossmith/v1/Reject.js'
import { type Metric, MetricsFile, type StepLine } from './metrics-file.js'
import { LineTail } from './monitor/line-tail.js'
import type { RunEvent } from './monitor/run-events.js'
import type { TimingLine } from './monitor/timings.js'
import { lockRun } from './run-lock.js'

/** data.json: the job and its input as they were when the run began. */
export interface RunData {
  job: Omit<Job, 'cluster'>
  files: { path: string; bytes: number; digest: string }[]
  indexes: FileIndex[]
  features: FeaturePlan
  facts: DataFacts
}

export type { Metric, StepLine } from './metrics-file.js'

export class RunDirectory {
  readonly path: string
  readonly checkpoints: string
  readonly artifacts: string
  readonly model: string
  /** Distinct lines in rejects.tsv. */
  rejectCount = 0
  private readonly metricsFile: MetricsFile
  private rejected = new Set<string>()
  /** coordinator.json is this one's. */
  private announced = false
  private release: () => void = () => undefined

  constructor(path: string) {
    this.path = path
    this.checkpoints = join(path, 'checkpoints')
    this.artifacts = join(path, 'artifacts')
    this.model = join(path, 'model.onnx')
    this.metricsFile = new MetricsFile(join(path, 'metrics.jsonl'))
  }

  /** By which log lines name the run. */
  get name(): string {
    return basename(resolve(this.path))
  }

  /** Config error run-locked while another coordinator works on this directory. */
  lock(): void {
    this.release = lockRun(this.path)
  }

  unlock(): void {
    this.release()
    this.release = () => undefined
  }

  /** A new run, locked; config error run-exists when the directory has one. */
  create(jobYaml: string): void {
    const job = join(this.path, 'job.yaml')
    if (existsSync(job))
      throw configError('run-exists', `[run] wanted a new run directory, got ${this.path}, which has a run: resume it or name another one`)
    try {
      mkdirSync(this.checkpoints, { recursive: true })
      mkdirSync(this.artifacts, { recursive: true })
    } catch (error) {
      throw diskError(this.path, error)
    }
    this.lock()
    try {
      for (const name of ['metrics.jsonl', 'events.jsonl', 'timings.jsonl', 'rejects.tsv']) writeFileSync(join(this.path, name), '')
      writeFileSync(job, jobYaml)
    } catch (error) {
      throw diskError(this.path, error)
    }
  }

  /** Cuts what was written after the checkpoint of `step`; without a checkpoint, everything. What happened since stays in events.jsonl. */
  cut({ metrics, rejects }: { metrics: number; rejects: number }, step: number): void {
    for (const [name, length] of [
      ['metrics.jsonl', metrics],
      ['rejects.tsv', rejects],
    ] as const) {
      const path = join(this.path, name)
      const got = existsSync(path) ? statSync(path).size : 0
      if (got < length) throw configError('run-damaged', `[run] ${path}: wanted the ${length} bytes of the checkpoint, got ${got}`)
      if (existsSync(path)) truncateSync(path, length)
    }
    this.cutTimings(step)
    this.endLine('events.jsonl')
    this.metricsFile.forget()
    const lines = this.lines('rejects.tsv').map((line) => line.split('\t'))
    this.rejected = new Set(lines.map(([path, line]) => `${path}\t${line}`))
    this.rejectCount = this.rejected.size
  }

  get lengths(): { metrics: number; rejects: number } {
    return { metrics: this.metricsFile.length, rejects: this.length('rejects.tsv') }
  }

  /** Adds lines not seen before: later epochs and evaluations meet the same ones again. Returns the new ones. */
  addRejects(rejects: readonly Reject[], paths: readonly string[]): Reject[] {
    const fresh = rejects.filter(({ file, line }) => {
      const key = `${paths[file]}\t${line}`
      return !this.rejected.has(key) && this.rejected.add(key)
    })
    this.rejectCount += fresh.length
    const clean = (text: string) => text.replace(/[\t\r\n]/g, (c) => (c === '\t' ? '\\t' : c === '\r' ? '\\r' : '\\n'))
    if (fresh.length > 0)
      this.append('rejects.tsv', fresh.map(({ file, line, reason, text }) => `${paths[file]}\t${line}\t${clean(reason)}\t${clean(text)}\n`).join(''))
    return fresh
  }

  /** "file:line: reason" of the first lines rejected. */
  firstRejects(count: number): string[] {
    const rows = this.lines('rejects.tsv').slice(0, count)
    return rows.map((row) => row.split('\t')).map(([path, line, reason]) => `${path}:${line}: ${reason}`)
  }

  addStep(step: StepLine): void {
    this.metricsFile.addStep(step)
  }

  /** A place in metrics.jsonl for lines that take time to make. */
  reserveLines(): (lines: readonly object[]) => void {
    return this.metricsFile.reserve()
  }

  /** Of which step and version the last surface was when the run began or was resumed. */
  lastSurface(): { step: number; version: number } | undefined {
    return this.metricsFile.lastSurface()
  }

  addMetric(metric: Metric): void {
    this.metricsFile.addMetric(metric)
  }

  /** Evaluations so far. */
  metrics(): Metric[] {
    return this.metricsFile.metrics()
  }

  /** Told when lines of metrics.jsonl cannot be written some time after they were added. */
  set onFailure(tell: (error: LossmithError) => void) {
    this.metricsFile.onFailure = tell
  }

  /** Writes what waits. */
  flush(): void {
    this.metricsFile.flush()
  }

  /** Steps and surfaces are in metrics.jsonl; here goes what happened when. */
  addEvent(event: RunEvent): void {
    if (event.step != null || event.surface != null) return
    // Who reads of an event finds the steps before it.
    this.flush()
    this.append('events.jsonl', `${JSON.stringify({ time: new Date(event.unixMs).toISOString(), ...event })}\n`)
  }

  addTiming(line: TimingLine): void {
    this.append('timings.jsonl', `${JSON.stringify(line)}\n`)
  }

  /** Where this machine reaches the coordinator that works on the run. */
  announce(address: string, tls: boolean): void {
    this.announced = true
    this.replace('coordinator.json', `${JSON.stringify({ address, tls, pid: process.pid, host: hostname() })}\n`)
  }

  /** Nobody listens any more. */
  withdraw(): void {
    if (this.announced) rmSync(join(this.path, 'coordinator.json'), { force: true })
  }

  writeData(data: RunData): void {
    this.replace('data.json', JSON.stringify(data))
  }

  readData(): RunData | undefined {
    const path = join(this.path, 'data.json')
    return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as RunData) : undefined
  }

  private cutTimings(step: number) {
    let length = 0
    let over = false
    new LineTail(join(this.path, 'timings.jsonl')).read((line) => {
      over ||= Number(/"step":(\d+)/.exec(line)?.[1]) > step
      if (!over) length += Buffer.byteLength(line) + 1
    })
    writeFileSync(join(this.path, 'timings.jsonl'), '', { flag: 'a' })
    truncateSync(join(this.path, 'timings.jsonl'), length)
  }

  /** A coordinator that was killed may have left half a line: the next one must not go on in it. */
  private endLine(name: string) {
    const path = join(this.path, name)
    const text = existsSync(path) ? readLast(path) : '\n'
    if (text !== '\n') this.append(name, '\n')
  }

  private replace(name: string, text: string) {
    const path = join(this.path, name)
    try {
      writeFileSync(`${path}.partial`, text)
      renameSync(`${path}.partial`, path)
    } catch (error) {
      throw diskError(path, error)
    }
  }

  private append(name: string, text: string) {
    try {
      appendFileSync(join(this.path, name), text)
    } catch (error) {
      throw diskError(join(this.path, name), error)
    }
  }

  private lines(name: string): string[] {
    const path = join(this.path, name)
    return existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : []
  }

  private length(name: string): number {
    const path = join(this.path, name)
    return existsSync(path) ? statSync(path).size : 0
  }
}

/** The last byte; a line's end when there is none. */
function readLast(path: string): string {
  const file = openSync(path, 'r')
  try {
    const last = Buffer.from('\n')
    readSync(file, last, 0, 1, fstatSync(file).size - 1)
    return last.toString('latin1')
  } finally {
    closeSync(file)
  }
}
