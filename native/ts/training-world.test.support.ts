/** For tests: ranks of one world as objects in this process, each with its trainer and its feed of batches from memory. */
import type { TrainingPlan } from '../../model/plan.js'
import {
  type Collective,
  type Feed,
  type LaneEvidence,
  type LaneResult,
  loadNative,
  type StepSummary,
  type Trainer,
  type ValidationSummary,
} from './binding.js'
import type { TestDevice } from './test-on-devices.test.support.js'

const native = loadNative()

export interface MemoryBatch {
  labels: Float32Array
  ids: BigInt64Array
  numbers: Float32Array
}
export interface Rank {
  trainer: Trainer
  feed: Feed
  validation: Feed
}
export interface WorldOptions {
  plan: TrainingPlan
  /** By lane: its batches, one a step, until it has none. */
  batches: MemoryBatch[][]
  /** By lane: what the controller is judged by, over and over. */
  validation?: MemoryBatch[][]
  laneBatch: number
  seed?: number
  world?: number
  threads?: number
  device?: TestDevice
  exchange?: 'tree' | 'allreduce'
  connect?: (world: number) => Promise<Collective[]>
  /** The default draws first weights; not to do so leaves zeros in memory that nobody touches. */
  initialize?: boolean
}

export async function localRanks(world: number): Promise<Collective[]> {
  return native.createLocalCollectives(world, 10_000)
}

/** Lanes are dealt in contiguous ranges that differ by at most one. */
export async function withWorld(options: WorldOptions, body: (ranks: Rank[]) => Promise<void>): Promise<void> {
  const {
    plan,
    batches,
    validation = [],
    laneBatch,
    seed = 1,
    world = 1,
    threads = 1,
    device = 'cpu',
    exchange = 'tree',
    connect = localRanks,
    initialize = true,
  } = options
  const lanes = batches.length
  const firstLanes = Array.from({ length: world }, (_, rank) => rank * Math.floor(lanes / world) + Math.min(rank, lanes % world))
  const collectives = world > 1 ? await connect(world) : []
  const ranks = firstLanes.map((firstLane, rank) => {
    const laneCount = (firstLanes[rank + 1] ?? lanes) - firstLane
    const feed = memoryFeed(plan, laneBatch)
    for (let lane = firstLane; lane < firstLane + laneCount; lane++) feed.setMemory(lane, batches[lane]!, false)
    const held = memoryFeed(plan, plan.controller?.laneBatch ?? laneBatch)
    for (let lane = firstLane; lane < firstLane + laneCount; lane++) held.setMemory(lane, validation[lane] ?? [], true)
    const trainer = native.createTrainer({ ...plan, seed, lanes, laneBatch, threads, firstLane, laneCount, device, exchange })
    if (world > 1) trainer.setCollective(collectives[rank]!, firstLanes)
    return { trainer, feed, validation: held }
  })
  try {
    if (initialize) await Promise.all(ranks.map(({ trainer }) => trainer.initialize()))
    await body(ranks)
  } finally {
    for (const collective of collectives) collective.close()
    for (const { trainer, feed, validation } of ranks) {
      trainer.close()
      feed.close()
      validation.close()
    }
  }
}

/** A feed that knows no log: its batches come by setMemory. */
export function memoryFeed({ fields, numbers }: TrainingPlan, laneBatch: number): Feed {
  const features = {
    format: { kind: 'criteo' },
    names: [],
    classes: 1,
    firstClass: 0,
    numbers: { as: 'log-bins' },
    categories: { minCount: 1 },
    fields,
    width: numbers,
    rows: 1 << 30,
    maxLineBytes: 1 << 16,
  } as const
  return native.createFeed({ source: { paths: [], pointsPaths: [], vocabularyPath: '', features }, laneBatch, shuffleRows: 1, seed: 1 })
}

/** One step of every rank; `order` of the ranks named. */
export async function stepAll(ranks: Rank[], step: number, ordering: number[] = []): Promise<StepSummary[]> {
  await Promise.all(ranks.map(({ trainer, feed }) => trainer.compute(step, feed)))
  const summaries = await Promise.all(ranks.map(({ trainer }, rank) => trainer.exchange(ordering.includes(rank))))
  await Promise.all(ranks.map(({ trainer }) => trainer.update(step)))
  return summaries
}

export interface Taught {
  /** Of all lanes, as the evidence. */
  lanes: LaneResult[]
  sums: StepSummary[]
  validations: ValidationSummary[]
  /** Of all lanes, in their order. */
  evidence: LaneEvidence[]
}

/** One step of every rank that also teaches the controller. */
export async function searchAll(ranks: Rank[], step: number, temperature = 1): Promise<Taught> {
  const lanes = await Promise.all(ranks.map(({ trainer, feed }) => trainer.compute(step, feed, { search: true, temperature })))
  const sums = await Promise.all(ranks.map(({ trainer }) => trainer.exchange(false)))
  await Promise.all(ranks.map(({ trainer, validation }) => trainer.validate(step, validation)))
  const validations = await Promise.all(ranks.map(({ trainer }) => trainer.exchangeValidation()))
  const evidence = await Promise.all(ranks.map(({ trainer }) => trainer.tangents(step)))
  await Promise.all(ranks.map(({ trainer }) => trainer.update(step)))
  return { lanes: lanes.flat(), sums, validations, evidence: evidence.flat() }
}

/** Every tensor of the state, by name. */
export async function stateOf(trainer: Trainer): Promise<Map<string, Float32Array>> {
  const state = new Map<string, Float32Array>()
  for (const { name, bytes } of trainer.stateTensors()) {
    const read = await trainer.readState(name, 0, bytes)
    state.set(name, new Float32Array(read.buffer, read.byteOffset, bytes / 4))
  }
  return state
}
