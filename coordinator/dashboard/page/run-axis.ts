/** What the charts count along: steps, examples since the first epoch, or seconds since the run began. */
import type { RunStore } from './run-store.js'

export type Axis = 'step' | 'examples' | 'time'

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
