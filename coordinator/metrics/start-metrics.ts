/** What a run gives to programs that people watch runs with already: /metrics for Prometheus, event files for TensorBoard. Each only when it is wanted. */
import type { ListenOptions } from '../../common/rpc/credentials.js'
import type { RunContext } from '../run-context.js'
import { startMetricsServer } from './metrics-server.js'
import { runMetrics } from './prometheus.js'
import { RunTensorboard } from './run-tensorboard.js'

export interface MetricsOptions extends Omit<ListenOptions, 'address'> {
  /** Where /metrics is: host:port. */
  readonly address: string | undefined
  readonly tensorboard: boolean
  /** The first step that is trained anew by a run that is resumed. */
  readonly restartAt: number | undefined
}

export interface Metrics {
  /** Of /metrics. */
  readonly url: string | undefined
  close(): Promise<void>
}

export async function startMetrics(context: RunContext, { address, tensorboard, restartAt, ...options }: MetricsOptions): Promise<Metrics> {
  const prometheus = address === undefined ? undefined : runMetrics(context)
  const server = prometheus && (await startMetricsServer({ ...options, address: address! }, prometheus.registry))
  const events = tensorboard ? new RunTensorboard(context, restartAt) : undefined
  for (const listener of [prometheus, events]) if (listener !== undefined) context.events.subscribe((event) => listener.add(event))
  return {
    url: server?.url,
    close: async () => {
      await Promise.all([server?.close(), events?.close()])
    },
  }
}
