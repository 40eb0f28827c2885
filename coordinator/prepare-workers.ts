/** Prepare, Connect and LoadState: every rank gets the plan and the data source, then the others' addresses, then the weights. */
import { createHash } from 'node:crypto'
import type { TrainingPlan } from '../model/plan.js'
import type { DataSource } from '../proto/generated/lossmith/v1/DataSource.js'
import { checkMemory } from './check-memory.js'
import { totalOf } from './estimate-memory.js'
import { enterPhase, onEveryMember, type RunContext } from './run-context.js'

export const planArtifact = 'plan'

export function planSha256(plan: TrainingPlan): string {
  return createHash('sha256').update(JSON.stringify(plan)).digest('hex')
}

/** `checkpoint` empty: first weights from the seed. @throws config `memory-too-small` */
export async function prepareWorkers(context: RunContext, plan: TrainingPlan, source: DataSource, checkpoint: string): Promise<void> {
  enterPhase(context, 'preparing', checkpoint)
  const { job, membership, artifacts, control } = context
  const demands = checkMemory(context, plan)
  artifacts.write(planArtifact, Buffer.from(JSON.stringify(plan)))
  const { lanes, batch, determinism, precision } = job.train
  const everyone = (taskOf: Parameters<typeof onEveryMember>[1]) => control.guardEarly(onEveryMember(context, taskOf))
  const prepared = await everyone(({ rank, lanes: { first, count }, placement: { device }, gpu }) => ({
    prepare: {
      rank,
      world: membership.ranks.length,
      lanes,
      firstLane: first,
      laneCount: count,
      seed: job.seed,
      laneBatch: batch / lanes,
      planArtifact,
      planSha256: planSha256(plan),
      source,
      determinism,
      shuffleRows: job.data.shuffleRows,
      device,
      gpu: gpu?.ordinal ?? 0,
      precision,
      exchange: job.cluster.exchange,
      gpuBytes: totalOf(demands[rank]!.gpu),
    },
  }))
  const addresses = prepared.map(({ prepared }) => prepared?.address ?? Buffer.alloc(0))
  const firstLanes = membership.ranks.map(({ lanes }) => lanes.first)
  // Rendezvous has no heartbeat of its own: within lostAfterMs, so that a rank which dies here is noticed as fast as anywhere.
  await everyone(() => ({ connect: { addresses, firstLanes, timeoutMs: job.cluster.lostAfterMs } }))
  await everyone(() => ({ loadState: { checkpoint } }))
}
