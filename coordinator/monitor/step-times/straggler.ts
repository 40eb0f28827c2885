/** The rank that the others wait for: what it does by itself takes at least 15 % longer than the median of the others. */
import { median } from './median.js'
import type { StepSplit } from './step-split.js'

export interface Straggler {
  readonly rank: number
  /** How much longer than the others: 0.31 is 31 %. */
  readonly longer: number
  /** The part of its own work that is furthest above the others'. */
  readonly part: 'read' | 'compute' | 'search'
}

const least = 0.15
const own = ['read', 'compute', 'search'] as const

/** Undefined where nobody falls behind, or there is one rank. */
export function straggler(splits: readonly StepSplit[]): Straggler | undefined {
  if (splits.length < 2) return undefined
  const work = (split: StepSplit) => own.reduce((sum, part) => sum + split[part], 0)
  const slowest = splits.reduce((a, b) => (work(b) > work(a) ? b : a))
  const others = splits.filter((split) => split !== slowest)
  const usual = median(others.map(work))
  const longer = work(slowest) / usual - 1
  if (!(longer >= least)) return undefined
  const excess = (part: (typeof own)[number]) => slowest[part] - median(others.map((split) => split[part]))
  return { rank: slowest.rank, longer, part: own.reduce((a, b) => (excess(b) > excess(a) ? b : a)) }
}

const verbs = { read: 'reads', compute: 'computes', search: 'searches' }

/** `count`: ranks of the run. */
export function stragglerWords({ rank, longer, part }: Straggler, count: number): string {
  const whom = count === 2 ? 'the other' : 'the others'
  return `Rank ${rank} is the straggler: reading, computing and searching take it ${Math.round(100 * longer)} % longer than ${whom}, mostly because it ${verbs[part]} longer`
}
