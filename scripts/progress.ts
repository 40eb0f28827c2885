/**
 * What a run tells while it goes on: a bar that redraws itself on a terminal, else a line every few seconds; with --json an object a line.
 * Made from the events of the run alone, so that it works for a run here and for one that is watched.
 */
import type { RunEvent__Output as RunEvent } from '../proto/generated/lossmith/v1/RunEvent.js'
import type { StepEvent__Output as StepEvent } from '../proto/generated/lossmith/v1/StepEvent.js'
import { describeMetric } from './describe-metric.js'
import type { Terminal } from './terminal.js'

export interface ProgressOptions {
  readonly terminal: Pick<Terminal, 'live' | 'width' | 'note' | 'redraw'>
  readonly epochs: number
  /** Asked for once training begins; null when it is not known: then there is no percentage. */
  readonly rowsInEpoch: () => Promise<number | null>
  /** Between plain lines. */
  readonly everyMs?: number
}

export class Progress {
  private readonly options: ProgressOptions
  private rowsInEpoch: number | null = null
  private lastShownMs = 0
  private meanLoss = Number.NaN
  private readonly started = { ms: 0, rows: 0 }
  phase = ''

  constructor(options: ProgressOptions) {
    this.options = options
  }

  show({ step, metric, phase, log, reject, checkpoint }: RunEvent, nowMs = Date.now()): void {
    if (step) this.showStep(step, nowMs)
    else if (metric) {
      const { split, step, examples } = metric
      this.line(`${split} after step ${step}: ${describeMetric(metric, 4)} (${count(examples)} rows)`, { event: 'metric', ...metric })
    } else if (phase) this.enter(phase.phase, phase.detail)
    else if (log) this.log(log)
    else if (reject) this.log({ level: 'warn', message: `rejected ${reject.file}:${reject.line}: ${reject.reason}` })
    else if (checkpoint) this.log({ level: 'info', message: `checkpoint ${checkpoint.name}` })
  }

  /** Leaves no half line behind. */
  end(): void {
    this.options.terminal.redraw('')
  }

  private enter(phase: string, detail: string): void {
    this.phase = phase
    if (phase === 'training') {
      this.started.ms = 0
      this.options.rowsInEpoch().then(
        (rows) => {
          this.rowsInEpoch = rows
        },
        () => undefined,
      )
    }
    if (phase === 'failed' || phase === 'done') return
    this.line(detail === '' ? phase : `${phase}: ${detail}`, { event: 'phase', phase, detail })
  }

  private showStep(step: StepEvent, nowMs: number): void {
    const { terminal, everyMs = 3000 } = this.options
    if (this.started.ms === 0) Object.assign(this.started, { ms: nowMs, rows: this.rowsDone(step) })
    this.meanLoss = Number.isNaN(this.meanLoss) ? step.loss : 0.9 * this.meanLoss + 0.1 * step.loss
    if (nowMs - this.lastShownMs < (terminal.live ? 100 : everyMs)) return
    this.lastShownMs = nowMs
    if (terminal.live) terminal.redraw(this.describe(step, nowMs, true))
    else {
      const { step: number, epoch, loss, examples, examplesPerSecond, rowsDone } = step
      const facts = { event: 'step', step: number, epoch, loss, examples, examplesPerSecond, rowsDone, rowsInEpoch: this.rowsInEpoch }
      terminal.note(this.describe(step, nowMs, false), facts)
    }
  }

  /** On a terminal with a bar in the room that the rest leaves; a narrow one loses the bar first, then what stands last. */
  private describe(step: StepEvent, nowMs: number, live: boolean): string {
    const part = this.rowsInEpoch ? Math.min(1, step.rowsDone / this.rowsInEpoch) : null
    const parts = [
      `epoch ${step.epoch}/${this.options.epochs}`,
      part === null ? '' : `${Math.floor(100 * part)} %`,
      part === null ? '' : `ETA ${this.remaining(step, nowMs)}`,
      `loss ${this.meanLoss.toFixed(4)}`,
      `step ${count(step.step)}`,
      `${count(Math.round(step.examplesPerSecond))} examples/s`,
    ]
    const text = parts.filter((word) => word !== '').join('  ')
    const room = Math.min(24, this.options.terminal.width - text.length - 4)
    if (!live || part === null || room < 6) return text
    const full = Math.round(part * room)
    return `[${'#'.repeat(full)}${'-'.repeat(room - full)}]  ${text}`
  }

  /** At the mean pace since training began. */
  private remaining(step: StepEvent, nowMs: number): string {
    const done = this.rowsDone(step) - this.started.rows
    const left = this.options.epochs * (this.rowsInEpoch ?? 0) - this.rowsDone(step)
    const elapsed = nowMs - this.started.ms
    return done > 0 && elapsed > 0 ? duration((Math.max(0, left) / done) * elapsed) : '?'
  }

  /** Rows since the first epoch. */
  private rowsDone(step: StepEvent): number {
    return (step.epoch - 1) * (this.rowsInEpoch ?? 0) + step.rowsDone
  }

  private log(log: { level: string; message: string }): void {
    this.line(log.level === 'info' ? log.message : `${log.level}: ${log.message}`, { event: 'log', ...log })
  }

  private line(text: string, facts: Record<string, unknown>): void {
    this.options.terminal.redraw('')
    this.options.terminal.note(text, facts)
  }
}

const count = (value: number) => value.toLocaleString('en')

/** `8 s`, `2 min 5 s`, `1 h 12 min`. */
export function duration(ms: number): string {
  const seconds = Math.round(ms / 1000)
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`
}
