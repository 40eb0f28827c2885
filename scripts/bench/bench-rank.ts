/**
 * One rank of `lossmith bench`: a process that trains DeepFM or DLRM on batches in memory by the worker's own step.
 * Speaks with its parent by IPC messages: address out, addresses in, times out.
 */
import { dealLanes } from '../../coordinator/deal-lanes.js'
import { buildTrainingPlan } from '../../model/build-plan.js'
import { bceAlone } from '../../model/losses/bce.js'
import type { Feed, Native, Trainer, TrainerOptions } from '../../native/ts/binding.js'
import { loadNative } from '../../native/ts/load.js'
import { step } from '../../worker/step.js'
import { clickBatches } from './click-batches.js'
import { dlrm } from './dlrm.js'

export interface BenchRankOptions {
  readonly rank: number
  readonly world: number
  readonly threads: number
  readonly batch: number
  readonly lanes: number
  readonly rows: number
  readonly fields: number
  readonly numbers: number
  readonly model: 'deepfm' | 'dlrm'
  readonly width: number
  readonly hidden: number[]
  readonly steps: number
  readonly warm: number
  /** Ordinals of the GPUs that ranks share; none: they compute on the CPU. */
  readonly gpus: readonly number[]
  readonly precision: 'float32' | 'tf32' | 'bf16'
}

/** Milliseconds of each measured step, by phase. */
export interface BenchTimes {
  readonly total: number[]
  readonly compute: number[]
  readonly exchange: number[]
  readonly update: number[]
}

export async function benchRank(options: BenchRankOptions, exchangeAddresses: (mine: Uint8Array) => Promise<Uint8Array[]>): Promise<BenchTimes> {
  const native = loadNative()
  const { trainer, feed } = openTrainer(native, options)
  try {
    await trainer.initialize()
    await connect(native, trainer, options, exchangeAddresses)
    return await measure(trainer, feed, options)
  } finally {
    trainer.close()
    feed.close()
  }
}

function openTrainer(native: Native, options: BenchRankOptions): { trainer: Trainer; feed: Feed } {
  const laneBatch = options.batch / options.lanes
  const { first: firstLane, count: laneCount } = dealLanes(options.lanes, options.world)[options.rank]!
  const plan = buildTrainingPlan({ ...model(options), laneBatch })
  const shape = { seed: 1, lanes: options.lanes, laneBatch, threads: options.threads, firstLane, laneCount }
  const trainer = native.createTrainer({ ...plan, ...shape, ...deviceOf(options) })
  const feed = native.createFeed({
    source: { paths: [], pointsPaths: [], vocabularyPath: '', features: featurePlan(options) },
    laneBatch,
    shuffleRows: 0,
    seed: 1,
  })
  for (let lane = firstLane; lane < firstLane + laneCount; lane++) {
    feed.setMemory(lane, clickBatches(8, { ...options, examples: laneBatch }, lane + 1), true)
  }
  return { trainer, feed }
}

function deviceOf({ rank, gpus, precision }: BenchRankOptions): Pick<TrainerOptions, 'device' | 'gpu' | 'precision'> {
  return gpus.length === 0 ? { device: 'cpu' } : { device: 'cuda', gpu: gpus[rank % gpus.length]!, precision }
}

async function connect(native: Native, trainer: Trainer, options: BenchRankOptions, exchangeAddresses: (mine: Uint8Array) => Promise<Uint8Array[]>) {
  if (options.world === 1) return
  const collective = native.createCollective({ host: '127.0.0.1', rank: options.rank, world: options.world, timeoutMs: 30_000 })
  await collective.connect(await exchangeAddresses(collective.prepare()))
  trainer.setCollective(
    collective,
    dealLanes(options.lanes, options.world).map(({ first }) => first),
  )
}

async function measure(trainer: Trainer, feed: Feed, options: BenchRankOptions): Promise<BenchTimes> {
  const times = { total: [] as number[], compute: [] as number[], exchange: [] as number[], update: [] as number[] }
  for (let number = 1; number <= options.warm + options.steps; number++) {
    const { computeMs, exchangeMs, updateMs } = (await step(number, false, { trainer, feed, controller: null })).times
    if (number <= options.warm) continue
    times.total.push(computeMs + exchangeMs + updateMs)
    times.compute.push(computeMs)
    times.exchange.push(exchangeMs)
    times.update.push(updateMs)
  }
  return times
}

const model = ({ model: kind, fields, numbers, rows, width, hidden }: BenchRankOptions) => ({
  model:
    kind === 'deepfm'
      ? { kind, embedding: width, hidden, dropout: 0 }
      : { kind: 'file' as const, definition: dlrm, options: { embedding: width, hidden } },
  loss: bceAlone,
  optimizer: { kind: 'adam' as const, rate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 },
  sizes: { fields, numbers, rows },
})

const featurePlan = ({ fields, numbers, rows }: BenchRankOptions) => ({
  format: { kind: 'criteo' as const },
  names: [],
  classes: 1,
  firstClass: 0,
  numbers: { as: 'normalised' as const },
  categories: { minCount: 1 },
  fields,
  width: numbers,
  rows,
  maxLineBytes: 1 << 20,
})

if (process.send && process.env.LOSSMITH_BENCH_RANK) {
  const options = JSON.parse(process.env.LOSSMITH_BENCH_RANK) as BenchRankOptions
  const gathered = (mine: Uint8Array) =>
    new Promise<Uint8Array[]>((resolve) => {
      process.once('message', (all) => resolve((all as string[]).map((text) => Buffer.from(text, 'base64'))))
      process.send!({ address: Buffer.from(mine).toString('base64') })
    })
  const times = await benchRank(options, gathered)
  process.send({ times }, () => process.exit(0))
}
