/** A comparison in words: the table of the terminal and of compare.md. */
import { basename } from 'node:path'
import { table } from '../table.js'
import type { Interval, Spread } from './statistics.js'
import { type ArmSummary, type Cell, type EpochChoice, type Measure, measures } from './summary.js'

export interface Comparison {
  readonly job: string
  readonly baseline: string
  readonly seeds: readonly number[]
  readonly epoch: EpochChoice
  readonly measured: readonly Measure[]
  readonly arms: readonly ArmSummary[]
  readonly cells: readonly Cell[]
}

/** One row an arm: mean ± deviation, then the difference to the baseline with its interval, of each measure. */
export function comparisonTable({ baseline, measured, arms }: Comparison): { head: string[]; rows: string[][] } {
  const improvement = measured.includes('auc') ? ['RelaImpr'] : []
  const head = [
    'arm',
    'runs',
    ...measured.flatMap((measure) => [`test ${measures[measure].title}`, `Δ to ${baseline} [95 %]`]),
    ...improvement,
    'time/step',
  ]
  const rows = arms.map(({ arm, runs, diverged, measures: values, relaImpr, stepTime }) => [
    arm,
    diverged === 0 ? String(runs) : `${runs} (${diverged} diverged)`,
    ...measured.flatMap((measure) => [spreadText(values[measure].spread), arm === baseline ? '' : intervalText(values[measure].difference)]),
    ...improvement.map(() => (arm === baseline ? '' : percent(relaImpr))),
    Number.isFinite(stepTime) ? `${stepTime.toFixed(2)}×` : '-',
  ])
  return { head, rows }
}

/** A table for each measure: all in one is wider than most terminals. */
export function terminalReport(comparison: Comparison): string {
  return comparison.measured
    .map((measure) => {
      const { head, rows } = comparisonTable({ ...comparison, measured: [measure] })
      return table(head, rows)
    })
    .join('\n\n')
}

export function markdownReport(comparison: Comparison, picture: string): string {
  const { job, baseline, seeds, epoch, arms, cells, measured } = comparison
  const { head, rows } = comparisonTable(comparison)
  const chosen = epoch === 'last' ? 'after the last epoch' : 'after the epoch with the smallest validation logloss'
  const perEpoch = epochTable(comparison)
  return [
    `# ${job}: losses compared`,
    '',
    `${arms.length} arms, ${seeds.length} ${seeds.length === 1 ? 'seed' : 'seeds'} (${seeds.join(', ')}); the same data, split, model and schedule for all. Test split, ${chosen}: mean ± standard deviation over seeds;`,
    `Δ is the mean difference to ${baseline} of the same seed with its 95 % interval (Student's t, ${seeds.length - 1} degrees of freedom).`,
    ...(measured.includes('auc') ? ['RelaImpr is (AUC − ½)/(AUC of the baseline − ½) − 1.'] : []),
    ...(measured.includes('recalibrated') ? ['Recalibrated: after one slope on the logits, fitted on the validation split.'] : []),
    `Time/step is the median ratio to ${baseline} over the seeds, on the machine and under the load of these runs.`,
    '',
    ...markdownTable(head, rows),
    '',
    `![Differences to ${baseline} by arm](${picture})`,
    '',
    ...(perEpoch === null ? [] : ['## By epoch, means over seeds', '', ...markdownTable(perEpoch.head, perEpoch.rows), '']),
    '## Runs',
    '',
    ...markdownTable(
      ['arm', 'seed', ...measured.map((measure) => measures[measure].title), 'ms/step', 'directory'],
      cells.map(({ arm, seed, scores, stepMs, runDirectory }) => [
        ...[arm, String(seed)],
        ...measured.map((measure) => (scores === null ? 'diverged' : number(scores[measure]))),
        ...[Number.isFinite(stepMs) ? stepMs.toFixed(2) : '-', basename(runDirectory)],
      ]),
    ),
    '',
  ].join('\n')
}

/** null where the test split was scored once only. */
function epochTable({ arms, cells, measured }: Comparison): { head: string[]; rows: string[][] } | null {
  const epochs = [...new Set(cells.flatMap((cell) => cell.epochs.map(({ epoch }) => epoch)))].sort((a, b) => a - b)
  if (epochs.length < 2) return null
  const rows = arms.flatMap(({ arm }) =>
    epochs.map((epoch) => {
      const scores = cells.filter((cell) => cell.arm === arm).flatMap((cell) => cell.epochs.filter((at) => at.epoch === epoch))
      return [arm, String(epoch), ...measured.map((measure) => meanText(scores.map((score) => score[measure])))]
    }),
  )
  return { head: ['arm', 'epoch', ...measured.map((measure) => `test ${measures[measure].title}`)], rows }
}

function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [
    line(head),
    `|---|${head
      .slice(1)
      .map(() => '---:|')
      .join('')}`,
    ...rows.map(line),
  ]
}

const number = (value: number) => (Number.isFinite(value) ? value.toFixed(5) : '-')
const percent = (value: number) => (Number.isFinite(value) ? `${signed(100 * value, 2)} %` : '-')

function spreadText({ mean, sd }: Spread): string {
  return Number.isFinite(sd) ? `${number(mean)} ± ${number(sd)}` : number(mean)
}

function meanText(values: readonly number[]): string {
  return number(values.reduce((sum, value) => sum + value, 0) / values.length)
}

function intervalText({ mean, low, high }: Interval): string {
  if (!Number.isFinite(mean)) return '-'
  return Number.isFinite(low) ? `${signed(mean, 5)} [${signed(low, 5)}, ${signed(high, 5)}]` : signed(mean, 5)
}

/** With a true minus sign, and a plus. */
const signed = (value: number, digits: number) => `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(digits)}`
