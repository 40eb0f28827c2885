/** The table at the end of a run: quality by split, the ledger of rows, time, and what was written. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { RunResult } from '../coordinator/start-coordinator.js'
import { duration } from './progress.js'
import { table } from './table.js'

export function describeResult({
  status,
  metrics,
  ledger,
  step,
  world,
  seconds,
  examplesPerSecond,
  runDirectory,
  checkpoint,
  onnx,
}: RunResult): string {
  // Classes have no AUC, a run without a validation split no recalibration: a column without a number is left out.
  const columns = qualities.filter(({ of }) => metrics.some((metric) => !Number.isNaN(metric[of])))
  const quality = metrics.map((metric) => [
    ...[metric.split, String(metric.epoch), count(metric.step), count(metric.examples)],
    ...columns.map(({ of, digits }) => (Number.isNaN(metric[of]) ? '-' : metric[of].toFixed(digits))),
  ])
  const drawn = ledger.some((epoch) => epoch.drawn > 0)
  const rows = ledger.map((of) => [
    ...[String(of.epoch), count(of.read), count(of.trained), count(of.rejected), count(of.validation), count(of.test)],
    ...(drawn ? [count(of.drawn)] : []),
    of.balanced ? 'balances' : 'epoch not finished',
  ])
  const rejects = join(runDirectory, 'rejects.tsv')
  const files = [
    ...(checkpoint === '' ? [] : [`checkpoint  ${checkpoint}`]),
    ...(onnx === undefined ? [] : [`model       ${onnx}`]),
    ...(ledger.some(({ rejected }) => rejected > 0) && existsSync(rejects) ? [`rejects     ${rejects}`] : []),
    `metrics     ${join(runDirectory, 'metrics.jsonl')}`,
  ]
  const pace = examplesPerSecond > 0 ? `, ${count(Math.round(examplesPerSecond))} examples/s in training` : ''
  return [
    ...(quality.length === 0 ? [] : [table(['split', 'epoch', 'step', 'rows', ...columns.map(({ title }) => title)], quality), '']),
    ...(rows.length === 0
      ? []
      : [table(['epoch', 'read', 'trained', 'rejected', 'validation', 'test', ...(drawn ? ['drawn'] : []), 'ledger'], rows), '']),
    `${status === 'done' ? 'done' : 'stopped'} after ${count(step)} steps with ${world} ${world === 1 ? 'worker' : 'workers'} in ${duration(1000 * seconds)}${pace}`,
    ...files.map((line) => `  ${line}`),
  ].join('\n')
}

const qualities = [
  { title: 'AUC', of: 'auc', digits: 4 },
  { title: 'accuracy', of: 'accuracy', digits: 4 },
  { title: 'logloss', of: 'logloss', digits: 4 },
  { title: 'recalibrated', of: 'recalibrated', digits: 4 },
  { title: 'calibration', of: 'calibration', digits: 3 },
] as const

const count = (value: number) => value.toLocaleString('en')
