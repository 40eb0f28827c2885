/** Prepare: makes this rank's engine from the plan, its feed from the data source, and its address for the other ranks. */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { brokenError, configError } from '../../common/errors.js'
import type { Job } from '../../common/job/job.js'
import type { TrainingPlan } from '../../model/plan.js'
import type { Collective, Native, TrainerOptions } from '../../native/ts/binding.js'
import type { Prepare__Output } from '../../proto/generated/lossmith/v1/Prepare.js'
import type { Prepared } from '../../proto/generated/lossmith/v1/Prepared.js'
import { nativeSource } from '../native-source.js'
import { closeRank, type WorkerContext } from '../worker-context.js'

/** Leaves context.rank set. @throws broken `plan-hash`, config `memory-too-small` */
export async function prepare(spec: Prepare__Output, context: WorkerContext): Promise<Prepared> {
  const { native, artifacts } = context
  if (context.rank) closeRank(context.rank)
  context.rank = null

  checkFreeMemory(spec, native)
  const plan = checkPlan(await readFile(await artifacts.fetch(spec.planArtifact)), spec.planSha256)
  const source = await nativeSource(spec.source!, artifacts)
  const feed = native.createFeed({ source, laneBatch: spec.laneBatch, shuffleRows: spec.shuffleRows, seed: spec.seed })
  const trainer = native.createTrainer({
    parameters: plan.parameters,
    tables: plan.tables,
    optimizer: plan.optimizer,
    classes: plan.classes,
    controller: plan.controller,
    train: plan.train,
    predict: plan.predict,
    seed: spec.seed,
    lanes: spec.lanes,
    laneBatch: spec.laneBatch,
    threads: context.threads,
    firstLane: spec.firstLane,
    laneCount: spec.laneCount,
    ...deviceOf(spec),
  })
  const validation = plan.controller?.search
    ? native.createFeed({ source, laneBatch: plan.controller.laneBatch, shuffleRows: spec.shuffleRows, seed: spec.seed })
    : null
  const collective = spec.world === 1 ? null : createCollective(native, spec, context)
  context.rank = { spec, trainer, feed, controller: plan.controller, validation, collective }
  sayPrepared(spec, context)
  return { address: collective ? Buffer.from(collective.prepare()) : Buffer.alloc(0) }
}

function sayPrepared({ rank, world, device, gpu, firstLane, laneCount }: Prepare__Output, { log, threads }: WorkerContext): void {
  const on = device === 'cuda' ? `GPU ${gpu}` : `the CPU, ${threads} threads`
  const text = `rank ${rank} of ${world} computes on ${on}: lanes ${firstLane} to ${firstLane + laneCount - 1}`
  log.info(text, { event: 'prepared', device, ...(device === 'cuda' && { gpu }), threads, firstLane, laneCount })
}

/** The coordinator knows how much memory a GPU has, not what others take of it. */
function checkFreeMemory({ device, gpu, gpuBytes }: Prepare__Output, native: Native): void {
  if (device !== 'cuda') return
  const free = native.freeDeviceMemory(gpu)
  if (free >= gpuBytes) return
  const gib = (bytes: number) => (bytes / 2 ** 30).toFixed(2)
  throw configError(
    'memory-too-small',
    `[memory] wanted ${gib(gpuBytes)} GiB of GPU ${gpu}, got ${gib(free)} free: end what else uses it, choose another one by --gpu, or lower features.rows, model.embedding or train.batch`,
  )
}

function deviceOf({ device, gpu, precision, exchange }: Prepare__Output): Pick<TrainerOptions, 'device' | 'gpu' | 'precision' | 'exchange'> {
  if (device !== 'cuda') return { device: 'cpu' }
  return { device, gpu, precision: precision as Job['train']['precision'], exchange: exchange as Job['cluster']['exchange'] }
}

function createCollective(native: Native, { rank, world }: Prepare__Output, { bind, lostAfterMs }: WorkerContext): Collective {
  // The last resort: a rank that dies breaks the sockets, one that stops misses heartbeats and the coordinator ends the run. This
  // deadline is for an engine that is stuck while its process answers, and must not mistake a slow read for that.
  return native.createCollective({ host: bind, rank, world, timeoutMs: 4 * lostAfterMs })
}

function checkPlan(json: Buffer, wanted: string): TrainingPlan {
  const got = createHash('sha256').update(json).digest('hex')
  if (got !== wanted) throw brokenError('plan-hash', `[prepare] wanted a training plan with SHA-256 ${wanted}, got ${got}`)
  return JSON.parse(json.toString('utf8')) as TrainingPlan
}
