/**
 * The coordinator of a run: a gRPC server with the Training and Monitor services, health and reflection, and the run itself behind it.
 * It needs no compiler, no addon and no GPU.
 */
import { type LossmithError, transientError } from '../common/errors.js'
import type { Job } from '../common/job/job.js'
import type { Log } from '../common/log.js'
import { addressHere, serverCredentials } from '../common/rpc/credentials.js'
import type { TlsFiles } from '../common/rpc/tls-files.js'
import { buildPlan } from './build-plan.js'
import { concludeRun, type RunResult } from './conclude-run.js'
import { CoordinatorServer } from './coordinator-server.js'
import { type EvaluateRequest, evaluateRun } from './evaluate-run.js'
import { exportOnnx } from './export-onnx.js'
import { keepEvents, leaveDirectory } from './keep-run.js'
import { logRun } from './log-run.js'
import { type Metrics, type MetricsOptions, startMetrics } from './metrics/start-metrics.js'
import { monitorService } from './monitor/monitor-service.js'
import type { RunEvent } from './monitor/run-events.js'
import { type Opened, openContext } from './open-context.js'
import { type Resumed, run } from './run.js'
import type { RunContext, RunParts } from './run-context.js'
import { trainingService } from './training-service.js'
import { WorkerLoss } from './worker-loss.js'

export type { RunResult }

export interface CoordinatorOptions {
  job: Job
  /** The resolved job as it is kept in the run directory; resume and evaluate read it from there and take only `cluster` from `job`. */
  jobYaml: string
  runDirectory: string
  resume: boolean
  mode: 'train' | { evaluate: EvaluateRequest }
  /** host:port; port 0: any. Beyond loopback wants `tls` and `token`, or `insecure`. */
  listen: string
  tls?: TlsFiles
  insecure: boolean
  /** Asked for in every call of Training, Monitor and reflection. */
  token?: string | undefined
  /** host:port of /metrics for Prometheus, under the same rule as `listen`; absent: none. */
  metrics?: string | undefined
  /** Event files for TensorBoard in the directory of a run that trains. */
  tensorboard?: boolean | undefined
  onEvent?: (event: RunEvent) => void
  /** Told everything that happens and who asks what of the run. */
  log?: Log | undefined
}

export interface Coordinator {
  address: string
  /** Where Prometheus finds the metrics, when that was asked for. */
  metricsUrl: string | undefined
  /** 0 while that is not known. */
  rowsInEpoch(): number
  /** Rejects with LossmithError. */
  finished: Promise<RunResult>
  /** Yields after the next commit, saves, ends: status 'stopped'. Before training there is nothing to save. */
  stop(reason: string): void
  /** Ends the run if it still goes, and the server. */
  close(): Promise<void>
}

const modelParts: RunParts = { buildPlan, exportOnnx }

/** `parts` are the model side; tests put a plan of their own there. */
export async function startCoordinator(options: CoordinatorOptions, parts: RunParts = modelParts): Promise<Coordinator> {
  // Who may listen is known before the directory is touched.
  const credentials = serverCredentials({ ...options, address: options.listen })
  const opened = await openContext(options, parts)
  const { context, resumed } = opened
  const { control, events, membership, tasks } = context
  const loss = new WorkerLoss(membership, context.job.cluster.lostAfterMs, (error) => control.fail(error))
  tasks.onFailure = (name, failure) => loss.reported(membership.get(name)!, failure)
  membership.onChange = (message) => events.log('info', message)
  let settled: () => void = () => undefined
  const ended = new Promise<void>((resolve) => (settled = resolve))
  const log = options.log && ofRun(options.log, context)
  const services = {
    training: trainingService(context, loss),
    monitor: monitorService(context, options.jobYaml, resumed?.past.startedUnixMs || Date.now(), ended),
  }
  const server = new CoordinatorServer(options.token, services, { log, warn: (message) => events.log('warn', message) })

  let metrics: Metrics | undefined
  const shut = async () => {
    await metrics?.close()
    membership.close()
    loss.close()
    await server.close()
    if (options.mode === 'train') leaveDirectory(context)
    opened.removeScratch()
  }
  let address: string
  try {
    address = await server.listen(options.listen, credentials)
    metrics = await startMetrics(context, metricsOptions(options, resumed))
    // Only a coordinator that could listen touches the directory.
    if (options.mode === 'train') takeDirectory(context, options, address)
  } catch (error) {
    await shut()
    throw error
  }
  tellEvents(opened, options, log)

  const work = () => (options.mode === 'train' ? run(context, resumed) : evaluateRun(context, options.mode.evaluate))
  const finished = concludeRun(context, work).finally(() => {
    server.notServing()
    settled()
  })
  finished.catch(() => undefined)
  return {
    address,
    metricsUrl: metrics.url,
    rowsInEpoch: () => context.status.rowsInEpoch,
    finished,
    stop: (reason) => control.stop(reason),
    close: async () => {
      control.fail(transientError('coordinator-closed', 'the coordinator was closed'))
      await finished.catch(() => undefined)
      await shut()
    },
  }
}

function takeDirectory({ directory }: RunContext, { resume, jobYaml, tls }: CoordinatorOptions, address: string): void {
  if (!resume) directory.create(jobYaml)
  directory.announce(addressHere(address), tls !== undefined)
}

/** To the directory first, then to the log, then to whoever started the coordinator. */
function tellEvents({ context, resumed }: Opened, { mode, onEvent }: CoordinatorOptions, log: Log | undefined): void {
  const { events, control, status } = context
  if (mode === 'train') keepEvents(context, resumed?.past.startedUnixMs ?? 0)
  if (log) {
    events.subscribe(logRun(log, status))
    control.failed.catch(({ message, kind, code }: LossmithError) => log.error(message, { event: 'failure', kind, code }))
  }
  if (onEvent !== undefined) events.subscribe(onEvent)
}

function metricsOptions(options: CoordinatorOptions, resumed: Resumed | undefined): MetricsOptions {
  const { metrics, tensorboard = false, insecure, tls, token, resume, mode } = options
  const saved = resumed?.checkpoint?.manifest.step
  const restartAt = !resume ? undefined : saved === undefined ? 0 : saved + 1
  return { address: metrics, insecure, tls, token, tensorboard: tensorboard && mode === 'train', restartAt }
}

/** Lines of the coordinator: whose run, and where it stands. */
function ofRun(log: Log, { directory, membership, status }: RunContext): Log {
  return log.about(() => ({
    role: 'coordinator',
    run: directory.name,
    generation: membership.generation || undefined,
    step: status.step || undefined,
  }))
}
