/**
 * The steps of a run in columns of doubles, bounded however long it is: past `capacity` rows the least distance between two kept steps doubles, so that
 * they stay evenly spread; the first and the newest always stay. A cell without a value is NaN. Knows neither the page nor where steps come from.
 */
import type { StepEvent } from './messages.js'

type Fixed = 'step' | 'unixMs' | 'epoch' | 'loss' | 'examples' | 'examplesPerSecond' | 'rowsDone' | 'validationLoss'
/** `weight.k`, `loss.k`: mean weight and mean loss of candidate k; `rank.r`: examples a second of rank r. */
export type Column = Fixed | `weight.${number}` | `loss.${number}` | `rank.${number}`
type Row = ReadonlyMap<Column, number>

export class StepSeries {
  length = 0
  private gap = 1
  private readonly columns = new Map<Column, Float64Array>()

  constructor(private readonly capacity = 8192) {}

  /** The cells of a column, one for each row; undefined where no step had a value. A view: it is overwritten as the run goes on. */
  column(name: Column): Float64Array | undefined {
    return this.columns.get(name)?.subarray(0, this.length)
  }

  clear(): void {
    this.length = 0
    this.gap = 1
    this.columns.clear()
  }

  /** Adds a step. After a resume steps come again: those from the same one on are forgotten. `rates`: examples a second by rank. */
  push(step: StepEvent, unixMs: number, rates: ReadonlyMap<number, number>): void {
    while (this.length > 0 && this.columns.get('step')![this.length - 1]! >= step.step) this.length--
    this.add(rowOf(step, unixMs, rates))
    if (this.length === this.capacity) this.thin()
  }

  /** The row before stays if it is far enough from the one before it; else the new row takes its place. */
  private add(row: Row): void {
    const steps = this.columns.get('step')
    const spare = this.length >= 2 && steps![this.length - 1]! - steps![this.length - 2]! < this.gap
    const at = spare ? this.length - 1 : this.length
    for (const [name, values] of this.columns) {
      const value = row.get(name) ?? Number.NaN
      // The controller learns in some steps only: its value outlives its row, or a run could lose all of them.
      if (!spare || !Number.isNaN(value)) values[at] = value
    }
    for (const [name, value] of row) {
      if (this.columns.has(name) || Number.isNaN(value)) continue
      const values = new Float64Array(this.capacity).fill(Number.NaN)
      values[at] = value
      this.columns.set(name, values)
    }
    this.length = at + 1
  }

  private thin(): void {
    const rows: Row[] = Array.from({ length: this.length }, (_, i) => new Map([...this.columns].map(([name, values]) => [name, values[i]!] as const)))
    const span = rows.at(-1)!.get('step')! - rows[0]!.get('step')!
    this.gap = Math.max(this.gap * 2, Math.ceil((2 * span) / this.capacity))
    this.length = 0
    for (const row of rows) this.add(row)
  }
}

function rowOf(step: StepEvent, unixMs: number, rates: ReadonlyMap<number, number>): Row {
  const { epoch, loss, examples, examplesPerSecond, rowsDone, validationLoss, validationExamples } = step
  const row = new Map<Column, number>([
    ['step', step.step],
    ['unixMs', unixMs],
    ['epoch', epoch],
    ['loss', known(loss)],
    ['examples', examples],
    // A directory that kept no times tells 0.
    ['examplesPerSecond', examplesPerSecond > 0 ? examplesPerSecond : Number.NaN],
    ['rowsDone', rowsDone],
    ['validationLoss', validationExamples > 0 ? known(validationLoss) : Number.NaN],
  ])
  step.weights?.forEach((weight, k) => {
    row.set(`weight.${k}`, known(weight))
  })
  step.losses?.forEach((value, k) => {
    row.set(`loss.${k}`, known(value))
  })
  for (const [rank, rate] of rates) row.set(`rank.${rank}`, rate)
  return row
}

/** JSON has no NaN: the server sends null. */
function known(value: number | null | undefined): number {
  return value ?? Number.NaN
}
