/** Where the rows of each run lie along what the charts count, and how such a place is told. */
import { compact, count, duration } from './format-number.js'
import { axisValues } from './run-axis.js'
import type { RunStore } from './run-store.js'
import { useView } from './view.js'

export function usePlaces(runs: readonly RunStore[]) {
  const { axis } = useView()
  const places = runs.map((run) => axisValues(run, axis))
  const end = Math.max(0, ...places.map((x) => x.at(-1) ?? 0))
  const start = Math.min(...places.map((x) => x[0] ?? end), end)
  return { axis, places, start, end, formatX: formats[axis] }
}

const formats = {
  step: (x: number) => `step ${count(Math.round(x))}`,
  examples: (x: number) => `${compact(Math.round(x))} examples`,
  time: (x: number) => duration(x * 1000),
}
