/**
 * A run with its coordinator in this process, and with workers as child processes unless they come from elsewhere:
 * shows its progress, turns Ctrl-C into an orderly stop, and leaves no process behind however it ends.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { LossmithError, transientError } from '../common/errors.js'
import { addressHere } from '../common/rpc/credentials.js'
import { buildPlan } from '../coordinator/build-plan.js'
import { exportOnnx } from '../coordinator/export-onnx.js'
import { type Coordinator, type CoordinatorOptions, type RunResult, startCoordinator } from '../coordinator/start-coordinator.js'
import { startDashboardProcess } from './dashboard-process.js'
import { Progress, type ProgressOptions } from './progress.js'
import type { Terminal } from './terminal.js'
import { type WorkerExit, WorkerProcesses } from './worker-processes.js'

export interface RunHere {
  readonly terminal: Terminal
  readonly coordinator: Omit<CoordinatorOptions, 'onEvent'>
  /** Threads of each worker to start here, as many as the job wants; null: workers join from elsewhere. */
  readonly threads: number | null
  /** Certificate authority for the workers started here, when the coordinator speaks TLS. */
  readonly tlsCa: string | undefined
  /** Shows the run as a page, from a process of its own. Default: no. */
  readonly dashboard?: boolean
}

export interface Outcome {
  readonly result: RunResult
  /** Set when a signal stopped the run: 130 or 143. */
  readonly interrupted: number | null
}

export async function runHere({ terminal, coordinator: options, threads, tlsCa, dashboard = false }: RunHere): Promise<Outcome> {
  const { job, runDirectory, insecure, tls, token } = options
  // With structured lines the coordinator logs what happens; progress only knows the phase then.
  const progress = new Progress({
    terminal: terminal.runLog === null ? terminal : unheard,
    epochs: job.train.epochs,
    rowsInEpoch: async () => coordinator.rowsInEpoch() || null,
  })
  const coordinator = await startCoordinator(
    { ...options, onEvent: (event) => progress.show(event), log: terminal.runLog ?? undefined },
    { buildPlan, exportOnnx },
  )
  const address = addressHere(coordinator.address)
  terminal.note(`coordinator listens on ${coordinator.address}, run in ${runDirectory}`, {
    event: 'listening',
    address: coordinator.address,
    runDirectory,
  })
  const { workers: count, device } = job.cluster
  const { metricsUrl } = coordinator
  if (metricsUrl !== undefined) terminal.note(`metrics for Prometheus at ${metricsUrl}`, { event: 'metrics', url: metricsUrl })
  const endDashboard = dashboard ? startDashboardProcess({ terminal, runDirectory, insecure, tlsCa: tlsCa ?? tls?.cert, token }) : () => undefined
  const workers = threads === null ? null : new WorkerProcesses(count, { coordinator: address, threads, device, insecure, tlsCa, token }, terminal)
  const signals = stopOnSignals(coordinator, workers, progress, terminal)
  try {
    const result = await (workers === null ? coordinator.finished : untilCrash(coordinator, workers, progress, job.cluster.lostAfterMs))
    await workers?.end(5000)
    return { result, interrupted: signals.exitCode }
  } catch (error) {
    // Those still there have been told; one that is stopped or blocked never answers.
    await workers?.end(1500)
    throw workers === null ? error : withLastLines(error, workers.exits())
  } finally {
    progress.end()
    signals.release()
    workers?.kill()
    await Promise.race([coordinator.close(), sleep(3000, undefined, { ref: false })])
    endDashboard()
  }
}

const unheard: ProgressOptions['terminal'] = { live: false, width: 80, note: () => undefined, redraw: () => undefined }

/** The run's end, or the end of a worker that the coordinator does not notice in time: one that never joined. */
async function untilCrash(coordinator: Coordinator, workers: WorkerProcesses, progress: Progress, lostAfterMs: number): Promise<RunResult> {
  const crash = workers.crashed.then(async (exit) => {
    await sleep(progress.phase === '' || progress.phase === 'joining' ? 500 : lostAfterMs + 2000, undefined, { ref: false })
    throw crashError(exit)
  })
  return Promise.race([coordinator.finished, crash])
}

/** A worker that ended by an error of its own has said it on its last line: `lossmith: <message> [code]`. */
function crashError({ name, status, lastLines }: WorkerExit): LossmithError {
  const said = /^lossmith: ([\s\S]*) \[([\w-]+)\]\s*$/m.exec(lastLines)
  const kind = ({ 2: 'config', 3: 'transient' } as const)[status as 2 | 3] ?? 'broken'
  if (said) return new LossmithError(kind, said[2]!, `${name}: ${said[1]}`)
  return transientError('worker-lost', `${name} ended with ${status}${lastLines === '' ? '' : `; it wrote last:\n${lastLines}`}`)
}

/** Adds what crashed workers wrote last, unless the error tells it already. Those that ended by a lossmith error have told the coordinator. */
function withLastLines(error: unknown, exits: WorkerExit[]): unknown {
  if (!(error instanceof LossmithError)) return error
  const silent = exits.filter(
    ({ status, lastLines }) => status !== 'SIGKILL' && lastLines !== '' && !/^lossmith: [\s\S]* \[[\w-]+\]\s*$/m.test(lastLines),
  )
  if (silent.length === 0 || silent.some(({ lastLines }) => error.message.includes(lastLines))) return error
  const text = silent.map(({ name, status, lastLines }) => `\n${name} ended with ${status}; it wrote last:\n${lastLines}`).join('')
  return new LossmithError(error.kind, error.code, error.message + text, { cause: error })
}

/** The first signal asks for an orderly stop, the second ends everything at once. */
function stopOnSignals(
  coordinator: Coordinator,
  workers: WorkerProcesses | null,
  progress: Progress,
  terminal: Terminal,
): { exitCode: number | null; release(): void } {
  const state = { exitCode: null as number | null, release: () => {} }
  const codes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const
  const onSignal = (signal: NodeJS.Signals) => {
    const code = codes[signal as keyof typeof codes]
    if (state.exitCode !== null) {
      workers?.kill()
      process.exit(code)
    }
    state.exitCode = code
    terminal.redraw('')
    const how = progress.phase === 'training' ? 'stopping after this step, with a checkpoint' : 'stopping'
    terminal.note(`${how}; once more to quit at once`, { event: 'stopping', signal })
    coordinator.stop(signal === 'SIGINT' ? 'Ctrl-C' : signal)
  }
  for (const signal of Object.keys(codes)) process.on(signal, onSignal)
  state.release = () => {
    for (const signal of Object.keys(codes)) process.off(signal, onSignal)
  }
  return state
}
