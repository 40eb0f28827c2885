/**
 * timings.jsonl: how fast a run was, which metrics.jsonl must not say. A line is the mean over the steps since the last one; lines are half a second
 * apart, and further as the run grows old, so that a month of training is some tens of thousands of them.
 */
import type { RankTimes__Output as RankTimes } from '../../proto/generated/lossmith/v1/RankTimes.js'
import type { StepEvent__Output as StepEvent } from '../../proto/generated/lossmith/v1/StepEvent.js'

export interface TimingLine {
  /** Of the line's last step. */
  unixMs: number
  step: number
  /** Rows of the epoch. */
  rowsDone: number
  examplesPerSecond: number
  ranks: RankTimes[]
}

/** When steps were, and how long they took, between the lines. */
export class StepTimes {
  private readonly lines: readonly TimingLine[]
  private readonly span: { fromMs: number; toMs: number; lastStep: number }

  /** `span`: of the run, for when there are no lines. */
  constructor(lines: readonly TimingLine[], span: { fromMs: number; toMs: number; lastStep: number }) {
    let latest = 0
    this.lines = lines.map((line) => {
      // A clock that was put back must not change the order of steps.
      latest = Math.max(latest, line.unixMs)
      return { ...line, unixMs: latest }
    })
    this.span = span
  }

  /** Unix milliseconds. */
  at(step: number): number {
    const { lines, span } = this
    if (lines.length === 0) return between(step, { step: 0, ms: span.fromMs }, { step: span.lastStep, ms: span.toMs })
    const i = this.lineOf(step)
    const [before, line] = [lines[i - 1] ?? lines[0]!, lines[i] ?? lines.at(-1)!]
    return between(step, { step: before.step, ms: before.unixMs }, { step: line.step, ms: line.unixMs })
  }

  of(step: number, examples: number): Pick<StepEvent, 'examplesPerSecond' | 'rowsDone' | 'ranks'> {
    const line = this.lines[this.lineOf(step)] ?? this.lines.at(-1)
    if (line === undefined) return { examplesPerSecond: 0, rowsDone: 0, ranks: [] }
    const { examplesPerSecond, ranks, rowsDone } = line
    return { examplesPerSecond, ranks, rowsDone: Math.max(0, rowsDone - (line.step - step) * examples) }
  }

  /** The first line that counts the step. */
  private lineOf(step: number): number {
    let [low, high] = [0, this.lines.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.lines[middle]!.step < step) low = middle + 1
      else high = middle
    }
    return low
  }
}

interface Anchor {
  step: number
  ms: number
}

function between(step: number, from: Anchor, to: Anchor): number {
  if (to.step <= from.step || step <= from.step) return step < to.step ? from.ms : to.ms
  return Math.round(from.ms + Math.min(1, (step - from.step) / (to.step - from.step)) * (to.ms - from.ms))
}
