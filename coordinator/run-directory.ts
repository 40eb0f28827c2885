/**
 * The directory of a run: job.yaml, data.json (what the index found), artifacts/, checkpoints/, metrics.jsonl, events.jsonl, rejects.tsv,
 * model.onnx; coordinator.lock while a coordinator works on it. metrics.jsonl and rejects.tsv grow at commits and are cut to a checkpoint's lengths on resume; they hold no times, so that a
 * resumed run ends with the same bytes.
 */
import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { diskError } from '../common/checkpoint/checkpoint-writer.js'
import type { DataFacts } from '../common/data-facts.js'
import { configError } from '../common/errors.js'
import type { FeaturePlan } from '../common/job/features.js'
import type { Job } from '../common/job/job.js'
import type { FileIndex__Output as FileIndex } from '../proto/generated/lossmith/v1/FileIndex.js'
import type { Reject__Output as Reject } from '../proto/generated/lossmith/v1/Reject.js'
import type { RunEvent } from './monitor/run-events.js'
import { lockRun } from './run-lock.js'

/** data.json: the job and its input as they were when the run began. */
export interface RunData {
  job: Omit<Job, 'cluster'>
  files: { path: string; bytes: number; digest: string }[]
  indexes: FileIndex[]
  features: FeaturePlan
  facts: DataFacts
}

export interface Metric {
  step: number
  epoch: number
  split: string
  auc: number
  logloss: number
  calibration: number
  examples: number
  accuracy: number
  recalibrated: number
}

/** weights and losses: means of each candidate, where several are mixed; validation: the mean objective of a step that taught the controller. */
export interface StepLine {
  step: number
  epoch: number
  loss: number
  examples: number
  weights?: number[]
  losses?: number[]
  validation?: number
}

export class RunDirectory {
  readonly path: string
  readonly checkpoints: string
  readonly artifacts: string
  readonly model: string
  /** Distinct lines in rejects.tsv. */
  rejectCount = 0
  private rejected = new Set<string>()
  /** Lines of metrics.jsonl, the first one still to be made. */
  private waiting: { text?: string }[] = []
  private release: () => void = () => undefined

  constructor(path: string) {
    this.path = path
    this.checkpoints = join(path, 'checkpoints')
    this.artifacts = join(path, 'artifacts')
    this.model = join(path, 'model.onnx')
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
      for (const name of ['metrics.jsonl', 'events.jsonl', 'rejects.tsv']) writeFileSync(join(this.path, name), '')
      writeFileSync(job, jobYaml)
    } catch (error) {
      throw diskError(this.path, error)
    }
  }

  /** Cuts what was written after the checkpoint; without a checkpoint, everything. */
  cut({ metrics, rejects }: { metrics: number; rejects: number }): void {
    for (const [name, length] of [
      ['metrics.jsonl', metrics],
      ['rejects.tsv', rejects],
    ] as const) {
      const path = join(this.path, name)
      const got = existsSync(path) ? statSync(path).size : 0
      if (got < length) throw configError('run-damaged', `[run] ${path}: wanted the ${length} bytes of the checkpoint, got ${got}`)
      if (existsSync(path)) truncateSync(path, length)
    }
    const lines = this.lines('rejects.tsv').map((line) => line.split('\t'))
    this.rejected = new Set(lines.map(([path, line]) => `${path}\t${line}`))
    this.rejectCount = this.rejected.size
  }

  get lengths(): { metrics: number; rejects: number } {
    return { metrics: this.length('metrics.jsonl'), rejects: this.length('rejects.tsv') }
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
    this.addLines([step])
  }

  /** A place in metrics.jsonl for lines that take time to make: what is added meanwhile waits for them, so that lines keep the order of steps. */
  reserveLines(): (lines: readonly object[]) => void {
    const place: { text?: string } = {}
    this.waiting.push(place)
    return (lines) => {
      place.text = textOf(lines)
      this.writeWaiting()
    }
  }

  /** Of which step and version the last surface is. */
  lastSurface(): { step: number; version: number } | undefined {
    const line = this.lines('metrics.jsonl').findLast((line) => line.startsWith('{"surface":'))
    return line === undefined ? undefined : (JSON.parse(line) as { surface: { step: number; version: number } }).surface
  }

  addMetric(metric: Metric): void {
    this.addLines([metric])
  }

  /** Evaluations so far; JSON has no NaN, so what one label alone, or no row, does not define is null there. */
  metrics(): Metric[] {
    const all = this.lines('metrics.jsonl').map((line) => JSON.parse(line) as Metric)
    const number = (value: number | null) => value ?? Number.NaN
    return all
      .filter(({ split }) => split !== undefined)
      .map((metric) => ({
        ...metric,
        auc: number(metric.auc),
        logloss: number(metric.logloss),
        calibration: number(metric.calibration),
        accuracy: number(metric.accuracy),
        recalibrated: number(metric.recalibrated),
      }))
  }

  /** Steps and surfaces are in metrics.jsonl; here goes what happened when. */
  addEvent(event: RunEvent): void {
    if (event.step == null && event.surface == null)
      this.append('events.jsonl', `${JSON.stringify({ time: new Date(event.unixMs).toISOString(), ...event })}\n`)
  }

  writeData(data: RunData): void {
    const path = join(this.path, 'data.json')
    try {
      writeFileSync(`${path}.partial`, JSON.stringify(data))
      renameSync(`${path}.partial`, path)
    } catch (error) {
      throw diskError(path, error)
    }
  }

  readData(): RunData | undefined {
    const path = join(this.path, 'data.json')
    return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as RunData) : undefined
  }

  private addLines(lines: readonly object[]) {
    this.waiting.push({ text: textOf(lines) })
    this.writeWaiting()
  }

  private writeWaiting() {
    const first = this.waiting.findIndex(({ text }) => text === undefined)
    const ready = this.waiting.splice(0, first < 0 ? this.waiting.length : first)
    if (ready.length > 0) this.append('metrics.jsonl', ready.map(({ text }) => text).join(''))
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

const textOf = (lines: readonly object[]) => lines.map((line) => `${JSON.stringify(line)}\n`).join('')
