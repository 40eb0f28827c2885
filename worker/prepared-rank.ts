/** The rank of a task that only a prepared worker can do. */
import { brokenError } from '../common/errors.js'
import type { Rank, WorkerContext } from './worker-context.js'

/** @throws broken `not-prepared` */
export function preparedRank(task: string, { rank }: WorkerContext): Rank {
  if (rank) return rank
  throw brokenError('not-prepared', `[${task}] wanted a prepared rank, got a task before Prepare`)
}
