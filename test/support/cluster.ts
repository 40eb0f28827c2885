/** One coordinator and workers as separate processes, as on a cluster; and where a run stands, asked over gRPC as anybody may. */

import { setTimeout as sleep } from 'node:timers/promises'
import { unary } from '../../common/rpc/call.js'
import { clientOptions } from '../../common/rpc/channel-options.js'
import { clientCredentials } from '../../common/rpc/credentials.js'
import type { RunDescription__Output } from '../../proto/generated/lossmith/v1/RunDescription.js'
import { contracts } from '../../proto/load.js'
import type { Processes, Running } from './processes.js'

export interface Cluster {
  address: string
  coordinator: Running
  workers: Running[]
}

/** `job`: words of the coordinator's command line: a job file with --run, or --resume. */
export async function startCluster(processes: Processes, job: string[], world: number): Promise<Cluster> {
  const coordinator = processes.start(['coordinator', ...job, '--workers', String(world), '--listen', '127.0.0.1:0', '--json'])
  const [, address] = await coordinator.says(/"address":"([^"]+)"/)
  const workers = Array.from({ length: world }, (_, i) =>
    processes.start(['worker', '--coordinator', address!, '--name', `worker-${i + 1}`, '--threads', '1']),
  )
  return { address: address!, coordinator, workers }
}

/** Resolves once `step` is committed. */
export async function reachedStep(address: string, step: number, timeoutMs = 60_000): Promise<RunDescription__Output> {
  const client = new contracts.lossmith.v1.Monitor(address, clientCredentials({ address, insecure: true }), clientOptions)
  const until = performance.now() + timeoutMs
  try {
    for (;;) {
      const run = await unary<RunDescription__Output>((options, done) => client.describe({}, options, done), { timeoutMs: 5000, what: 'Describe' })
      if (run.step >= step) return run
      if (performance.now() > until) throw new Error(`wanted step ${step} within ${timeoutMs} ms, got ${run.step} in phase ${run.phase} ${run.error}`)
      await sleep(10)
    }
  } finally {
    client.close()
  }
}
