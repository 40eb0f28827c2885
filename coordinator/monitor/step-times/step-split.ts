/** Where the time of a step goes, rank by rank: the mean over the last steps. What a rank waits for others is taken out of exchange and controller. */
import type { RankTimes__Output as RankTimes } from '../../../proto/generated/lossmith/v1/RankTimes.js'

export const parts = ['read', 'compute', 'search', 'exchange', 'wait', 'update'] as const
export type Part = (typeof parts)[number]

export type StepSplit = Readonly<Record<Part, number>> & { readonly rank: number; readonly totalMs: number }

/** `steps`: the times of every rank, step by step. Ascending by rank; a step without a rank does not count for it. */
export function stepSplits(steps: readonly (readonly RankTimes[])[]): StepSplit[] {
  const sums = new Map<number, { count: number; split: Record<Part, number>; totalMs: number }>()
  for (const ranks of steps) {
    const leastExchange = Math.min(...ranks.map(({ exchangeMs }) => exchangeMs))
    for (const times of ranks) {
      const sum = sums.get(times.rank) ?? { count: 0, split: { read: 0, compute: 0, search: 0, exchange: 0, wait: 0, update: 0 }, totalMs: 0 }
      sum.count++
      sum.totalMs += times.totalMs
      sum.split.read += times.readMs
      sum.split.compute += times.computeMs
      sum.split.search += times.searchMs
      sum.split.exchange += leastExchange
      sum.split.wait += times.controllerWaitMs + times.exchangeMs - leastExchange
      sum.split.update += times.updateMs
      sums.set(times.rank, sum)
    }
  }
  return [...sums]
    .sort(([a], [b]) => a - b)
    .map(([rank, { count, split, totalMs }]) => {
      const mean = Object.fromEntries(parts.map((part) => [part, split[part] / count])) as Record<Part, number>
      return { rank, ...mean, totalMs: totalMs / count }
    })
}
