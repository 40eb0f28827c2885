/**
 * metrics.jsonl: a line for each step, each evaluation, each picture of the controller. Its bytes are a function of the run alone. Lines are written
 * in batches, for a call of the file system costs more than a step may; whoever asks for the length or reads the file has all of them written first.
 */
import { appendFileSync, existsSync, statSync } from 'node:fs'
import { diskError } from '../common/checkpoint/checkpoint-writer.js'
import type { LossmithError } from '../common/errors.js'
import { LineTail } from './monitor/line-tail.js'

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

/** What is in the file besides steps. */
interface Known {
  metrics: Metric[]
  surface: { step: number; version: number } | undefined
}

const lateMs = 200
const batchBytes = 1 << 18

export class MetricsFile {
  /** Told when lines that waited cannot be written; they wait on. */
  onFailure: (error: LossmithError) => void = () => undefined
  private readonly path: string
  /** Lines in their order, the first of them perhaps still to be made. */
  private waiting: { text?: string }[] = []
  /** Made, not yet written. */
  private made = ''
  private timer: NodeJS.Timeout | undefined
  private known: Known | undefined

  constructor(path: string) {
    this.path = path
  }

  addStep(step: StepLine): void {
    this.add(lineOf(step))
  }

  addMetric(metric: Metric): void {
    this.read().metrics.push(metric)
    this.add(lineOf(metric))
  }

  /** A place for lines that take time to make: what is added meanwhile waits for them, so that lines keep the order of steps. */
  reserve(): (lines: readonly object[]) => void {
    const place: { text?: string } = {}
    this.waiting.push(place)
    return (lines) => {
      place.text = lines.map(lineOf).join('')
      const first = this.waiting.findIndex(({ text }) => text === undefined)
      for (const { text } of this.waiting.splice(0, first < 0 ? this.waiting.length : first)) this.add(text!, true)
    }
  }

  /** Of which step and version the last surface was when the file was first read. */
  lastSurface(): { step: number; version: number } | undefined {
    return this.read().surface
  }

  /** Evaluations so far. */
  metrics(): Metric[] {
    return [...this.read().metrics]
  }

  /** Bytes of all lines that need nothing more to be made. */
  get length(): number {
    this.flush()
    return existsSync(this.path) ? statSync(this.path).size : 0
  }

  /** The file is another one now. */
  forget(): void {
    this.known = undefined
  }

  /** @throws transient or config error of the disk */
  flush(): void {
    clearTimeout(this.timer)
    this.timer = undefined
    if (this.made === '') return
    try {
      appendFileSync(this.path, this.made)
      this.made = ''
    } catch (error) {
      throw diskError(this.path, error)
    }
  }

  private add(text: string, inOrder = false) {
    if (!inOrder && this.waiting.length > 0) {
      this.waiting.push({ text })
      return
    }
    this.made += text
    if (this.made.length > batchBytes) this.flush()
    else this.timer ??= setTimeout(() => this.flushLate(), lateMs)
  }

  private flushLate() {
    try {
      this.flush()
    } catch (error) {
      this.onFailure(error as LossmithError)
    }
  }

  /** The file as it was found, once: it may be of any length. JSON has no NaN, so what one label alone, or no row, does not define is null there. */
  private read(): Known {
    if (this.known !== undefined) return this.known
    this.flush()
    const known: Known = { metrics: [], surface: undefined }
    new LineTail(this.path).read((line) => {
      if (line.startsWith('{"surface":')) known.surface = (JSON.parse(line) as { surface: { step: number; version: number } }).surface
      else if (line.includes('"split":')) known.metrics.push(JSON.parse(line, (_, value: unknown) => value ?? Number.NaN) as Metric)
    })
    this.known = known
    return known
  }
}

const lineOf = (line: object) => `${JSON.stringify(line)}\n`
