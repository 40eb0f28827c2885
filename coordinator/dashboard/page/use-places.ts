/** Where the rows of each run lie along what the charts count, and how such a place is told. */
import { compact, count, duration } from './format-number.js'
import { axisValues } from './run-axis.js'
import type { RunStore } from './run-store.js'
import { useView } from './view.js'

/** `along`: the axis that all charts share, as LineChart takes it. */
export function usePlaces(runs: readonly RunStore[]) {
  const { axis } = useView()
  const places = runs.map((run) => axisValues(run, axis))
  const end = Math.max(0, ...places.map((x) => x.at(-1) ?? 0))
  const start = Math.min(...places.map((x) => x[0] ?? end), end)
  return { axis, places, end, along: { start, end, ...formats[axis] } }
}

/** A place told in full, and beside the axis. */
const formats = {
  step: { formatX: (x: number) => `step ${count(Math.round(x))}`, formatPlace: compact },
  examples: { formatX: (x: number) => `${compact(Math.round(x))} examples`, formatPlace: compact },
  time: { formatX: (x: number) => duration(x * 1000), formatPlace: (x: number) => duration(x * 1000).replace(/ 0 \w+$/, '') },
}
