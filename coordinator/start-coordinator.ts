/**
 * The coordinator of a run: a gRPC server with the Training and Monitor services, health and reflection, and the run itself behind it.
 * It needs no compiler, no addon and no GPU.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Server } from '@grpc/grpc-js'
import { ReflectionService } from '@grpc/reflection'
import { HealthImplementation } from 'grpc-health-check'
import { loadNewestCheckpoint } from '../common/checkpoint/list-checkpoints.js'
import { configError, LossmithError, transientError } from '../common/errors.js'
import type { Job } from '../common/job/job.js'
import { readJob } from '../common/job/parse-job.js'
import type { Log } from '../common/log.js'
import { serverOptions } from '../common/rpc/channel-options.js'
import { addressHere, parseAddress, serverCredentials } from '../common/rpc/credentials.js'
import { asLossmithError } from '../common/rpc/status.js'
import type { TlsFiles } from '../common/rpc/tls-files.js'
import { version } from '../common/version.js'
import { contracts, definition } from '../proto/load.js'
import { Artifacts } from './artifacts.js'
import { buildPlan } from './build-plan.js'
import { CheckpointStore } from './checkpoint-store.js'
import { type EvaluateRequest, evaluateRun } from './evaluate-run.js'
import { exportOnnx } from './export-onnx.js'
import { keepEvents, leaveDirectory } from './keep-run.js'
import { emptyLedger, type Ledger } from './ledger.js'
import { logRequests } from './log-requests.js'
import { logRun } from './log-run.js'
import { Membership } from './membership.js'
import { type Metrics, type MetricsOptions, startMetrics } from './metrics/start-metrics.js'
import { CheckpointList } from './monitor/checkpoint-list.js'
import { DirectoryHistory } from './monitor/directory-history.js'
import { monitorService } from './monitor/monitor-service.js'
import { RunProgress } from './monitor/progress.js'
import { type RunEvent, RunEvents } from './monitor/run-events.js'
import { Pace } from './pace.js'
import { tellRefused } from './refused-callers.js'
import { type Outcome, type Resumed, run } from './run.js'
import { enterPhase, type RunContext, type RunParts } from './run-context.js'
import { RunControl, StoppedEarly } from './run-control.js'
import { type Metric, RunDirectory } from './run-directory.js'
import { checkSameJob } from './same-job.js'
import { TaskQueue } from './task-queue.js'
import { trainingService } from './training-service.js'
import { WorkerLoss } from './worker-loss.js'

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

export interface RunResult {
  status: 'done' | 'stopped'
  runDirectory: string
  step: number
  epoch: number
  world: number
  ledger: Ledger[]
  metrics: Metric[]
  /** Directory of the last checkpoint; empty when there is none. */
  checkpoint: string
  onnx?: string
  seconds: number
  /** Of training alone. */
  examplesPerSecond: number
  /** Mean time of a step; NaN when none was trained. */
  stepMs: number
  /** Part of it in which workers waited for the controller; 0 without one. */
  controllerWaitShare: number
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
  const credentials = serverCredentials({ address: options.listen, insecure: options.insecure, tls: options.tls, token: options.token })
  const training = options.mode === 'train'
  const directory = new RunDirectory(options.runDirectory)
  const keptJob = !training || options.resume
  const job = keptJob ? { ...readJob(join(options.runDirectory, 'job.yaml')), cluster: options.job.cluster } : options.job
  const resumed = training && options.resume ? await openRun(directory, job) : undefined
  const scratch = training ? undefined : mkdtempSync(join(tmpdir(), 'lossmith-evaluate-'))

  const context = makeContext(
    job,
    training,
    parts,
    directory,
    scratch === undefined ? new Artifacts(directory.artifacts) : new Artifacts(scratch, directory.artifacts),
    resumed,
  )
  const { control, events, membership, tasks } = context
  const loss = new WorkerLoss(membership, job.cluster.lostAfterMs, (error) => control.fail(error))
  tasks.onFailure = (name, failure) => loss.reported(membership.get(name)!, failure)
  membership.onChange = (message) => events.log('info', message)
  let settled: () => void = () => undefined
  const ended = new Promise<void>((resolve) => (settled = resolve))
  const log = options.log && ofRun(options.log, context)
  const refused = tellRefused((message) => events.log('warn', message))
  const server = new Server(serverOptions(options.token, log && logRequests(log), refused))
  server.addService(contracts.lossmith.v1.Training.service, trainingService(context, loss))
  server.addService(contracts.lossmith.v1.Monitor.service, monitorService(context, options.jobYaml, resumed?.past.startedUnixMs || Date.now(), ended))
  const health = new HealthImplementation({ '': 'SERVING', 'lossmith.v1.Training': 'SERVING', 'lossmith.v1.Monitor': 'SERVING' })
  health.addToServer(server)
  new ReflectionService(definition).addToServer(server)

  let metrics: Metrics | undefined
  const shut = async () => {
    await metrics?.close()
    membership.close()
    loss.close()
    await shutDown(server)
    if (training) leaveDirectory(context)
    if (scratch !== undefined) rmSync(scratch, { recursive: true, force: true })
  }
  let address: string
  try {
    address = await listen(server, options.listen, credentials)
    metrics = await startMetrics(context, metricsOptions(options, resumed))
    // Only a coordinator that could listen touches the directory.
    if (training && !options.resume) directory.create(options.jobYaml)
    if (training) directory.announce(addressHere(address), options.tls !== undefined)
  } catch (error) {
    await shut()
    throw error
  }
  if (training) keepEvents(context, resumed?.past.startedUnixMs ?? 0)
  if (log) {
    events.subscribe(logRun(log, context.status))
    control.failed.catch(({ message, kind, code }: LossmithError) => log.error(message, { event: 'failure', kind, code }))
  }
  if (options.onEvent !== undefined) events.subscribe(options.onEvent)

  const startedMs = performance.now()
  const work = () => (options.mode === 'train' ? run(context, resumed) : evaluateRun(context, options.mode.evaluate))
  const finished = conclude(context, work)
    .then((outcome) => resultOf(context, outcome, (performance.now() - startedMs) / 1000))
    .finally(() => {
      for (const service of ['', 'lossmith.v1.Training', 'lossmith.v1.Monitor']) health.setStatus(service, 'NOT_SERVING')
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

function metricsOptions(options: CoordinatorOptions, resumed: Resumed | undefined): MetricsOptions {
  const { metrics, tensorboard = false, insecure, tls, token, resume, mode } = options
  const saved = resumed?.checkpoint?.manifest.step
  const restartAt = !resume ? undefined : saved === undefined ? 0 : saved + 1
  return { address: metrics, insecure, tls, token, tensorboard: tensorboard && mode === 'train', restartAt }
}

function makeContext(
  job: Job,
  training: boolean,
  parts: RunParts,
  directory: RunDirectory,
  artifacts: Artifacts,
  resumed: Resumed | undefined,
): RunContext {
  const { name = '', manifest } = resumed?.checkpoint ?? {}
  const { step = 0, epoch = 0 } = manifest ?? {}
  const ledger = manifest?.ledger.at(-1) ?? emptyLedger(0)
  return {
    job,
    parts,
    directory,
    artifacts,
    control: new RunControl(),
    events: new RunEvents(resumed?.past.events()),
    membership: new Membership(training ? job : scoredAnywhere(job), version),
    tasks: new TaskQueue(),
    checkpoints: new CheckpointStore(directory.checkpoints),
    saved: new CheckpointList(directory.checkpoints),
    status: { phase: 'joining', step, epoch, rowsInEpoch: 0, ledger, checkpoint: name, candidates: [], error: '' },
    plan: undefined,
    progress: new RunProgress(job),
    pace: new Pace(),
    steps: undefined,
    controller: undefined,
  }
}

/** Weights are float32 however a run trained: whatever it computed on, a CPU can score them. */
function scoredAnywhere(job: Job): Job {
  return { ...job, train: { ...job.train, precision: 'float32' }, cluster: { ...job.cluster, exchange: 'tree' } }
}

/** The newest checkpoint after its hashes agree, and the growing files cut to its lengths; all of it under the directory's lock. */
async function openRun(directory: RunDirectory, job: Job): Promise<Resumed> {
  directory.lock()
  try {
    const data = directory.readData()
    if (data !== undefined) checkSameJob(data.job, job, directory.path)
    const checkpoint = await loadNewestCheckpoint(directory.checkpoints)
    directory.cut(checkpoint?.manifest.lengths ?? { metrics: 0, rejects: 0 }, checkpoint?.manifest.step ?? 0)
    const past = new DirectoryHistory(directory.path)
    past.refresh()
    return { checkpoint, data, past }
  } catch (error) {
    directory.unlock()
    throw error
  }
}

/** Does the work and tells the workers how it ended. */
async function conclude(context: RunContext, work: () => Promise<Outcome>): Promise<Outcome> {
  const { control, tasks, status, membership, job } = context
  try {
    const outcome = await work()
    await finishWorkers(context, outcome.status === 'done' ? 'the run is done' : `stopped: ${control.stopReason}`)
    enterPhase(context, 'done', outcome.status)
    return outcome
  } catch (error) {
    if (error instanceof StoppedEarly) {
      await finishWorkers(context, `stopped: ${error.message}`)
      enterPhase(context, 'done', 'stopped')
      const position = { step: status.step, epoch: status.epoch, epochDone: false, cursors: [], validationCursors: [], ledger: [] }
      return {
        status: 'stopped',
        position,
        metrics: context.directory.metrics(),
        checkpoint: status.checkpoint,
        trainedExamples: 0,
        trainingSeconds: 0,
      }
    }
    control.fail(asLossmithError(error))
    const failure = withCheckpoint(control.failure!, status)
    status.error = failure.message
    tasks.end(control.failure!)
    enterPhase(context, 'failed', failure.message)
    // Heartbeats carry the news; who does not ask within two of them is gone.
    await membership.whenGone(Math.min(2 * job.cluster.heartbeatMs + 300, 3000))
    throw failure
  }
}

async function finishWorkers({ control, tasks, membership, events }: RunContext, message: string): Promise<void> {
  control.finish()
  const all = Promise.allSettled(membership.ranks.map(({ name }) => tasks.assign(name, membership.generation, { finish: { message } })))
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), finishMs)
  })
  if ((await Promise.race([all, late])) === undefined) events.log('warn', `not every worker said within ${finishMs} ms that it has finished`)
  clearTimeout(timer)
}

function withCheckpoint(error: LossmithError, { phase, checkpoint }: RunContext['status']): LossmithError {
  if (!['training', 'paused', 'saving', 'evaluating'].includes(phase) && checkpoint === '') return error
  const last = checkpoint === '' ? 'no checkpoint was written yet' : `the last checkpoint is ${checkpoint}`
  return new LossmithError(error.kind, error.code, `${error.message}; ${last}`, { cause: error })
}

function resultOf({ directory, membership, events }: RunContext, outcome: Outcome, seconds: number): RunResult {
  const { status, position, metrics, checkpoint, onnx, trainedExamples, trainingSeconds } = outcome
  return {
    status,
    runDirectory: directory.path,
    step: position.step,
    epoch: position.epoch,
    world: membership.ranks.length,
    ledger: position.ledger,
    metrics,
    checkpoint: checkpoint === '' ? '' : join(directory.checkpoints, checkpoint),
    ...(onnx === undefined ? {} : { onnx }),
    seconds,
    examplesPerSecond: trainingSeconds > 0 ? trainedExamples / trainingSeconds : 0,
    stepMs: events.stepMs,
    controllerWaitShare: events.controllerWaitShare,
  }
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

async function listen(server: Server, address: string, credentials: ReturnType<typeof serverCredentials>): Promise<string> {
  const { host } = parseAddress(address)
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync(address, credentials, (error, port) => {
      if (error === null) return resolve(port)
      const busy = error.message.includes('EADDRINUSE')
      reject(
        configError(
          busy ? 'port-in-use' : 'cannot-listen',
          `[listen] wanted to listen on ${address}, got ${busy ? 'a port in use by another process' : error.message}`,
        ),
      )
    }),
  )
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

async function shutDown(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(() => {
      server.forceShutdown()
      resolve()
    }, shutDownMs)
    server.tryShutdown(() => {
      clearTimeout(timer)
      resolve()
    })
  })
}

const finishMs = 5_000
const shutDownMs = 500
