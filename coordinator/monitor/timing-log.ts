/**
 * Writes timings.jsonl (timings.ts) from the events of a run. A line closes at each phase too, so that a step is never placed in the time in which a
 * checkpoint was written.
 */
import type { RankTimes__Output as RankTimes } from '../../proto/generated/lossmith/v1/RankTimes.js'
import type { RunEvent } from './run-events.js'
import type { TimingLine } from './timings.js'

const leastMs = 500
/** Of a run's age: lines come further apart as it grows old. */
const share = 1 / 20_000

type Duration = Exclude<keyof RankTimes, 'rank'>
const durations: readonly Duration[] = ['readMs', 'computeMs', 'exchangeMs', 'updateMs', 'totalMs', 'searchMs', 'controllerWaitMs']

export class TimingLog {
  private readonly write: (line: TimingLine) => void
  private startedMs: number
  private nextMs = 0
  private newest: RunEvent | undefined
  /** Sums by rank over `count` steps. */
  private sums: RankTimes[] = []
  private count = 0

  /** `startedMs`: when the run began, perhaps in another process; 0: with its first step. */
  constructor(startedMs: number, write: (line: TimingLine) => void) {
    this.startedMs = startedMs
    this.write = write
  }

  take(event: RunEvent): void {
    if (event.phase != null) this.close()
    if (event.step == null) return
    this.startedMs ||= event.unixMs
    this.newest = event
    this.add(event.step.ranks)
    if (event.unixMs >= this.nextMs) this.close()
  }

  private add(ranks: readonly RankTimes[]) {
    if (ranks.length !== this.sums.length) this.reset(ranks)
    for (let rank = 0; rank < ranks.length; rank++) for (const name of durations) this.sums[rank]![name] += ranks[rank]![name]
    this.count++
  }

  private close() {
    const { newest, count } = this
    if (newest?.step == null) return
    const { step, rowsDone, examplesPerSecond, ranks } = newest.step
    const mean = this.sums.map((sum): RankTimes => {
      const of = { ...sum }
      // Hundredths of a millisecond: more is noise.
      for (const name of durations) of[name] = Math.round((100 * sum[name]) / count) / 100
      return of
    })
    this.write({ unixMs: newest.unixMs, step, rowsDone, examplesPerSecond: Math.round(examplesPerSecond), ranks: mean })
    this.newest = undefined
    this.nextMs = newest.unixMs + Math.max(leastMs, share * (newest.unixMs - this.startedMs))
    this.reset(ranks)
  }

  private reset(ranks: readonly RankTimes[]) {
    this.sums = ranks.map(({ rank }) => ({ rank, readMs: 0, computeMs: 0, exchangeMs: 0, updateMs: 0, totalMs: 0, searchMs: 0, controllerWaitMs: 0 }))
    this.count = 0
  }
}
