/** The table of workers: what each is, where the time of its steps goes, and who is slow. Columns that do not fit go, the least told first. */
import { type Part, parts, type StepSplit, stepSplits } from '../../coordinator/monitor/step-times/step-split.js'
import { type Straggler, straggler } from '../../coordinator/monitor/step-times/straggler.js'
import { duration } from '../progress.js'
import type { RunView } from './run-view.js'
import { cells, cut, type Line } from './spans.js'

interface Column {
  readonly head: string
  /** Lower stays longer on a narrow screen. */
  readonly order: number
  readonly left?: true
  readonly cells: string[]
}

/** Milliseconds of a step: all, then its parts. */
const heads: Record<Part, Pick<Column, 'head' | 'order'>> = {
  read: { head: 'read', order: 8 },
  compute: { head: 'comp', order: 4 },
  search: { head: 'search', order: 9 },
  exchange: { head: 'exch', order: 6 },
  wait: { head: 'wait', order: 5 },
  update: { head: 'upd', order: 10 },
}

/** A heading, a row a worker, and a line about the straggler right after the heading's table; none before the run has members. */
export function drawWorkers({ description, describedMs, recent, live }: RunView, nowMs: number, width: number): Line[] {
  const members = [...(description?.members ?? [])].sort((a, b) => a.rank - b.rank)
  if (members.length === 0) return []
  const splits = stepSplits(recent.map(({ ranks }) => ranks))
  const slow = straggler(splits)
  const of = (rank: number) => splits.find((split) => split.rank === rank)
  const sinceMs = nowMs - describedMs
  const column = (head: string, order: number, cell: (member: (typeof members)[number]) => string, left?: true): Column => ({
    ...{ head, order, cells: members.map(cell) },
    ...(left && { left }),
  })
  const time = (head: string, order: number, ms: (split: StepSplit) => number) =>
    column(head, order, ({ rank }) => {
      const split = of(rank)
      return split === undefined ? '' : milliseconds(ms(split))
    })
  const shares = parts.map((part) => time(heads[part].head, heads[part].order, (split) => split[part]))
  const columns = [
    column('rank', 0, ({ rank }) => String(rank)),
    column('worker', 1, ({ member }) => cut(member, 16), true),
    column('device', 11, ({ device }) => cut(device, 14), true),
    column('lanes', 7, ({ firstLane, laneCount }) => (laneCount === 1 ? `${firstLane}` : `${firstLane}-${firstLane + laneCount - 1}`)),
    ...(splits.length > 0 ? [time('ms', 2, ({ totalMs }) => totalMs), ...shares] : []),
    ...(live ? [column('heard', 3, ({ heartbeatAgeMs }) => age(heartbeatAgeMs + sinceMs))] : []),
  ]
  const shown = fitting(columns, width)
  const line = (cellOf: (column: Column) => string) => shown.map((column) => aligned(column, cellOf(column))).join('  ')
  const rows = members.map(({ rank }, i): Line => {
    const text = line((column) => column.cells[i]!)
    return slow?.rank === rank ? [[text, 'warn']] : [text]
  })
  return [[[line(({ head }) => head), 'dim']], ...rows, ...(slow ? [[[stragglerWords(slow, members), 'warn']] as Line] : [])]
}

function stragglerWords({ rank, longer, part }: Straggler, members: readonly { rank: number; member: string }[]): string {
  const name = members.find((member) => member.rank === rank)?.member ?? `rank ${rank}`
  return `${name} is the straggler: its own work takes ${Math.round(100 * longer)} % longer, most in ${part}`
}

function fitting(columns: readonly Column[], width: number): Column[] {
  const kept = [...columns]
  const total = () => kept.reduce((sum, column) => sum + wide(column) + 2, -2)
  while (kept.length > 1 && total() > width) kept.splice(kept.indexOf(kept.reduce((a, b) => (b.order > a.order ? b : a))), 1)
  return kept
}

const wide = ({ head, cells: texts }: Column) => Math.max(cells(head), ...texts.map(cells))

function aligned(column: Column, text: string): string {
  const blanks = ' '.repeat(wide(column) - cells(text))
  return column.left ? text + blanks : blanks + text
}

const milliseconds = (ms: number) => (ms < 10 ? ms.toFixed(1) : Math.round(ms).toLocaleString('en'))
const age = (ms: number) => (ms < 10_000 ? `${(ms / 1000).toFixed(1)} s` : duration(ms))
