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
  const quality = metrics.map(({ split, epoch, step: at, examples, auc, logloss, calibration }) => [
    ...[split, String(epoch), count(at), count(examples)],
    ...[auc.toFixed(4), logloss.toFixed(4), calibration.toFixed(3)],
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
    ...(quality.length === 0 ? [] : [table(['split', 'epoch', 'step', 'rows', 'AUC', 'logloss', 'calibration'], quality), '']),
    ...(rows.length === 0
      ? []
      : [table(['epoch', 'read', 'trained', 'rejected', 'validation', 'test', ...(drawn ? ['drawn'] : []), 'ledger'], rows), '']),
    `${status === 'done' ? 'done' : 'stopped'} after ${count(step)} steps with ${world} ${world === 1 ? 'worker' : 'workers'} in ${duration(1000 * seconds)}${pace}`,
    ...files.map((line) => `  ${line}`),
  ].join('\n')
}

const count = (value: number) => value.toLocaleString('en')
