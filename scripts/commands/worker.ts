import { configError } from '../../common/errors.js'
import { runWorker } from '../../worker/run-worker.js'
import { type ConnectFlags, connectOptions } from '../connect-flags.js'
import type { Terminal } from '../terminal.js'

export interface WorkerOptions extends ConnectFlags {
  readonly coordinator: string
  readonly name?: string
  readonly threads: number
  readonly bind: string
  readonly device: 'auto' | 'cpu' | 'cuda'
  readonly gpu?: number
  readonly parentPid?: number
}

/** One rank of a run, until the run ends. The first signal leaves the run, which ends it; the second one ends this process at once. */
export async function worker(options: WorkerOptions, terminal: Terminal): Promise<number> {
  const { coordinator, name, threads, bind, parentPid } = options
  if (options.device === 'cpu' && options.gpu !== undefined) throw configError('usage', 'wanted --gpu without --device cpu, got both')
  const leaving = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (leaving.signal.aborted) process.exit(130)
      leaving.abort()
    })
  }
  await runWorker({
    ...{ coordinator, threads, bind, ...connectOptions(options, terminal), signal: leaving.signal },
    device: { device: options.device, ...(options.gpu !== undefined && { gpu: options.gpu }) },
    ...(name !== undefined && { name }),
    ...(parentPid !== undefined && { parentPid }),
    log: terminal.log,
    onJoin: (known) => terminal.about(known),
  })
  if (terminal.json) terminal.result('', { ok: true })
  return 0
}
