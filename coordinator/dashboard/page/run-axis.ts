/** What the charts count along: steps, examples since the first epoch, or seconds since the run began. */
import type { RunStore } from './run-store.js'

export type Axis = 'step' | 'examples' | 'time'

const wholes = Array.from({ length: 13 }, (_, power) => [1, 2, 5].map((digit) => digit * 10 ** power)).flat()
const seconds = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, ...wholes.map((days) => days * 86_400)]

/** Distances that ticks may have: no half steps, and times as clocks have them. */
export const spacings: Record<Axis, number[]> = { step: wholes, examples: wholes, time: seconds }

/** The place of every row of the steps, ascending. */
export function axisValues(run: RunStore, axis: Axis): Float64Array {
  const steps = run.steps.column('step') ?? new Float64Array()
  if (axis === 'step') return steps
  const times = run.steps.column('unixMs')
  if (times === undefined) return steps
  if (axis === 'time') {
    const first = run.description?.startedUnixMs || run.info.startedUnixMs || times[0]!
    return times.map((time) => Math.max(0, time - first) / 1000)
  }
  const epochs = run.steps.column('epoch')!
  const rows = run.steps.column('rowsDone')!
  const rowsInEpoch = run.description?.rowsInEpoch ?? 0
  return rows.map((done, i) => (epochs[i]! - 1) * rowsInEpoch + done)
}

/** The place of a step: that of the newest row up to it. `places` as axisValues gave them. */
export function placeOfStep(run: RunStore, axis: Axis, places: Float64Array, step: number): number {
  if (axis === 'step') return step
  const steps = run.steps.column('step') ?? new Float64Array()
  let low = 0
  let high = steps.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (steps[middle]! <= step) low = middle + 1
    else high = middle
  }
  return places[Math.max(0, low - 1)] ?? 0
}
