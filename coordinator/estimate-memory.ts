/**
 * What a rank of a run will want of its machine's memory and of its GPU's, from the training plan and the rank's share of the lanes. An estimate
 * from above: gradients of rows as if no row came twice in a lane's batch, input as if all of it waited. What is allocated where:
 * native/engine/cpu_trainer.cc, native/engine/cuda/cuda_trainer.cu.
 */
import type { TrainingPlan } from '../model/plan.js'
import type { Program } from '../model/program.js'
import type { DeviceKind } from './choose-device.js'

export interface Share {
  readonly device: DeviceKind
  readonly lanes: number
  readonly laneCount: number
  readonly laneBatch: number
  readonly threads: number
  readonly world: number
  readonly shuffleRows: number
}

/** Bytes by what they are for. */
export type Parts = Readonly<Record<'tables' | 'parameters' | 'gradients' | 'exchange' | 'programs' | 'input' | 'process', number>>

export interface Demand {
  readonly host: Parts
  readonly gpu: Parts
}

const float = 4
const rowNumber = 8
/** Node and the engine's libraries; CUDA's context and libraries, with workspaces. */
const processBytes = 100 * 2 ** 20
const contextBytes = 700 * 2 ** 20
/** Of an id that is grouped, of a row that is added to others: native/engine/cuda/key_groups.h, twice for the sort, and row_tree_on_device.h. */
const groupBytes = 56
const mergeBytes = 68
/** Batches of a lane that wait ready, and the one that is computed on. */
const readAhead = 4

export const totalOf = (parts: Parts): number => Object.values(parts).reduce((sum, bytes) => sum + bytes, 0)

export function estimateMemory(plan: TrainingPlan, share: Share): Demand {
  const trainer = trainerParts(plan, share)
  const input = inputBytes(plan, share)
  const none = { tables: 0, parameters: 0, gradients: 0, exchange: 0, programs: 0, input: 0, process: processBytes }
  if (share.device === 'cpu') return { host: { ...trainer, input, process: processBytes }, gpu: { ...none, process: 0 } }
  // Beside its input, twice on its way to the GPU, a host holds what goes between GPUs without NCCL.
  return {
    host: { ...none, input: input + 2 * batchBytes(plan, share), exchange: share.world > 1 ? trainer.gradients + trainer.exchange : 0 },
    gpu: { ...trainer, gradients: trainer.gradients + sortingBytes(plan, share), input: 2 * batchBytes(plan, share), process: contextBytes },
  }
}

function trainerParts(plan: TrainingPlan, share: Share): Omit<Parts, 'input' | 'process'> {
  const { controller } = plan
  const learns = controller?.search != null
  const planes = 1 + { sgd: 0, adagrad: 1, adam: 2 }[plan.optimizer.kind] + (learns ? 1 : 0)
  const dense = float * sum(plan.parameters.map(({ shape }) => shape.reduce((a, b) => a * b, 1)))
  const gradient = (examples: number) => dense + rowBytes(plan, examples)
  const vectors = learns ? 2 : 1
  return {
    tables: sum(plan.tables.map(({ rows, width }) => rows * width * float)) * planes,
    parameters: dense * planes,
    gradients: share.laneCount * gradient(share.laneBatch) * vectors,
    exchange: gradient(share.lanes * share.laneBatch) * vectors * (share.world > 1 ? 2 : 1),
    programs: programBytes(plan, share),
  }
}

/** On the CPU each thread has its arenas; on a GPU all lanes share them. Each lane has that of a search, whose second phase finds what the first one left. */
function programBytes({ train, predict, controller }: TrainingPlan, { device, laneCount, threads }: Share): number {
  const search = controller?.search?.arenaBytes ?? 0
  const validate = controller?.validate?.arenaBytes ?? 0
  const each = train.arenaBytes + predict.arenaBytes + validate
  return laneCount * search + each * (device === 'cuda' ? 1 : Math.min(threads, laneCount))
}

/** Gradients of the rows of so many examples. */
function rowBytes({ tables, train }: TrainingPlan, examples: number): number {
  const lookups = lookupsByTable(train)
  return sum(tables.map(({ name, rows, width }) => Math.min(rows, examples * (lookups.get(name) ?? 0)) * (rowNumber + width * float)))
}

/** On a GPU rows are found by sorting: the ids of a batch in each program, and to add the own lanes' rows all of these. */
function sortingBytes({ tables, train, controller }: TrainingPlan, { laneCount, laneBatch }: Share): number {
  const lookups = lookupsByTable(train)
  const ids = Math.max(0, ...lookups.values())
  const programs = controller?.search == null ? 1 : 2 + laneCount
  const added = sum(tables.map(({ name, rows }) => Math.min(rows, laneBatch * (lookups.get(name) ?? 0)))) * laneCount
  return programs * laneBatch * ids * groupBytes + (laneCount > 1 ? added * mergeBytes : 0)
}

/** Ids of an example, by table. Two gradients of the same ids meet the same rows. */
function lookupsByTable({ code, tables }: Program): Map<string, number> {
  const ids = new Map<string, Map<number, number>>()
  for (const instruction of code) {
    if (instruction.op !== 'lookup_grad') continue
    const name = tables[instruction.table]!
    ids.set(name, (ids.get(name) ?? new Map<number, number>()).set(instruction.ids, instruction.fields))
  }
  return new Map([...ids].map(([name, fields]) => [name, sum([...fields.values()])]))
}

function inputBytes(plan: TrainingPlan, share: Share): number {
  const rows = 2 * share.shuffleRows + readAhead * share.laneBatch
  return share.laneCount * rows * exampleBytes(plan) * (plan.controller?.search == null ? 1 : 2)
}

const batchBytes = (plan: TrainingPlan, { laneCount, laneBatch }: Share): number => laneCount * laneBatch * exampleBytes(plan)
const exampleBytes = ({ fields, numbers }: TrainingPlan): number => fields * rowNumber + (numbers + 1) * float
const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0)
