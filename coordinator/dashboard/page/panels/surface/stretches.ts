/** Over which probabilities which candidate weighs most. */
import { mixtureAt } from './surface-cells.js'
import type { Surface } from './surfaces.js'

export interface Stretch {
  /** Indices of its first and last probability. */
  readonly from: number
  readonly to: number
  readonly candidate: number
  /** Of the candidate, mean over the stretch. */
  readonly weight: number
}

interface Run {
  from: number
  to: number
  candidate: number
}

/** Ascending and without gaps; what is shorter than a tenth of all probabilities belongs to its longer neighbour. */
export function stretches(surface: Surface, label: number, value: string): Stretch[] {
  const mixtures = surface.probabilities.map((_, at) => mixtureAt(surface, label, value, at))
  let runs = joined(mixtures.map((mixture, at) => ({ from: at, to: at, candidate: mixture.indexOf(Math.max(...mixture)) })))
  for (;;) {
    const short = runs.findIndex((run) => length(run) < mixtures.length / 10)
    if (short < 0 || runs.length === 1) break
    const [before, after] = [runs[short - 1], runs[short + 1]]
    const neighbour = before === undefined || (after !== undefined && length(after) > length(before)) ? after! : before
    runs = joined(runs.map((run, i) => (i === short ? { ...run, candidate: neighbour.candidate } : run)))
  }
  return runs.map((run) => {
    const weights = mixtures.slice(run.from, run.to + 1).map((mixture) => mixture[run.candidate]!)
    return { ...run, weight: weights.reduce((sum, weight) => sum + weight, 0) / weights.length }
  })
}

const length = ({ from, to }: Run) => to - from + 1

/** Neighbours of one candidate are one run. */
function joined(runs: readonly Run[]): Run[] {
  const all: Run[] = []
  for (const run of runs) {
    const last = all.at(-1)
    if (last?.candidate === run.candidate) last.to = run.to
    else all.push({ ...run })
  }
  return all
}
