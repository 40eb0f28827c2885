/** How far a run is and when it will be done, at the pace of the last minute without a pause. */
import { ofTraining, type RunStore } from './run-store.js'

const windowMs = 60_000

export interface RunProgress {
  epoch: number
  epochs: number
  /** Of the epoch, from 0 to 1; undefined while its rows are not counted. */
  part: number | undefined
  /** Until the last epoch is trained; undefined while that cannot be told, or nothing is trained. */
  leftMs: number | undefined
}

export function runProgress(run: RunStore): RunProgress {
  const { latest, description } = run
  const rowsInEpoch = description?.rowsInEpoch ?? 0
  const epoch = latest?.epoch ?? description?.epoch ?? 0
  const epochs = description?.epochs ?? 0
  const part = rowsInEpoch > 0 && latest !== undefined ? Math.min(1, latest.rowsDone / rowsInEpoch) : undefined
  return {
    epoch,
    epochs,
    part,
    leftMs: ofTraining.has(run.phase) && run.lost === '' && rowsInEpoch > 0 ? remaining(run, rowsInEpoch, epochs) : undefined,
  }
}

function remaining({ steps, trainingSinceMs }: RunStore, rowsInEpoch: number, epochs: number): number | undefined {
  if (steps.length < 2) return undefined
  const times = steps.column('unixMs')!
  const rows = steps.column('rowsDone')!
  const epoch = steps.column('epoch')!
  const done = (i: number) => (epoch[i]! - 1) * rowsInEpoch + rows[i]!
  const newest = steps.length - 1
  let from = newest - 1
  while (from > 0 && times[newest]! - times[from]! < windowMs && times[from - 1]! >= trainingSinceMs) from--
  if (times[from]! < trainingSinceMs) return undefined
  const pace = (done(newest) - done(from)) / (times[newest]! - times[from]!)
  return pace > 0 && Number.isFinite(pace) ? Math.max(0, epochs * rowsInEpoch - done(newest)) / pace : undefined
}
