/** Connect: joins the ranks over the addresses that the coordinator carried. A world of one has nobody to connect to. */
import type { Connect__Output } from '../../proto/generated/lossmith/v1/Connect.js'
import { preparedRank } from '../prepared-rank.js'
import type { WorkerContext } from '../worker-context.js'

export async function connect({ addresses, firstLanes, timeoutMs }: Connect__Output, context: WorkerContext): Promise<void> {
  const { collective, trainer } = preparedRank('connect', context)
  if (!collective) return
  const timer = setTimeout(() => collective.abort(), timeoutMs)
  try {
    await collective.connect(addresses)
  } finally {
    clearTimeout(timer)
  }
  trainer.setCollective(collective, firstLanes)
}
