/**
 * The only file that loads the addon, and the whole of its surface. Names and order are those of native/addon.
 * Native errors arrive as LossmithError: kind and code come from the engine. Promises settle from the engine's own threads;
 * nothing here computes on the JavaScript thread. Handles are closed explicitly. Sizes and row numbers are exact up to 2^53.
 */
import type { FeaturePlan } from '../../common/job/features.js'
import type { OptimizerSpec, ParameterSpec, TableSpec } from '../../model/plan.js'
import type { Program } from '../../model/program.js'

export interface Native {
  /** What this build and this machine are. */
  describe(): { version: string; cpuClass: string; isa: string; onednn: string; gloo: boolean }
  /** Asks the kernel to end this process when its parent dies (prctl PR_SET_PDEATHSIG); true unless the parent is gone already. */
  dieWithParent(parentPid: number): boolean
  /** Runs a program once on plain arrays with guard zones around every buffer: for tests of ops. */
  runProgram(program: Program, batch: number, values: ProgramValues): ProgramResult

  createCollective(options: { host: string; rank: number; world: number; timeoutMs: number }): Collective
  /** A world of ranks inside this process, for tests: same interface, same conformance suite. */
  createLocalCollectives(world: number, timeoutMs: number): Collective[]
  createTrainer(options: TrainerOptions): Trainer

  indexFile(options: { path: string; lanes: number; maxBlockBytes: number; pointsPath: string }): Promise<NativeFileIndex>
  /** Writes counts (sorted by key) of the pieces' categorical values, where minCount > 1 asks for them, and moments of their numbers to `outPath`. */
  countValues(options: { source: NativeSource; pieces: NativePiece[]; outPath: string }): Promise<void>
  createFeed(options: FeedOptions): Feed
}

export interface ProgramValues {
  inputs: Record<string, Float32Array | BigInt64Array>
  parameters: Record<string, Float32Array>
  tables: Record<string, { rows: number; width: number; values: Float32Array }>
  seed: number
  step: number
  lane: number
}
export interface ProgramResult {
  outputs: Record<string, Float32Array>
  gradients: Record<string, Float32Array>
  tableGradients: Record<string, { rows: number[]; values: Float32Array }>
  /** Names of buffers whose guard zones were written to. */
  overruns: string[]
}

/** Two-phase connect: every rank prepares, the coordinator carries the addresses, every rank connects. World 1 needs neither. */
export interface Collective {
  prepare(): Uint8Array
  connect(addresses: Uint8Array[]): Promise<void>
  /** Wakes a blocked operation from outside by shutting the sockets; the collective is of no use afterwards. */
  abort(): void
  close(): void
  /** For the conformance suite. Sizes may differ between ranks. */
  allGather(bytes: Uint8Array): Promise<Uint8Array[]>
  allToAll(bytes: Uint8Array[]): Promise<Uint8Array[]>
}

export interface TrainerOptions {
  parameters: readonly ParameterSpec[]
  tables: readonly TableSpec[]
  optimizer: OptimizerSpec
  train: Program
  predict: Program
  seed: number
  lanes: number
  laneBatch: number
  threads: number
  firstLane: number
  laneCount: number
}

/** One rank's engine: weights, optimizer state, lanes, threads. Calls must not overlap. */
export interface Trainer {
  /** Draws the first weights from the seed. */
  initialize(): Promise<void>
  /** Bytes of a tensor of the state: "<name>", "<name>.m", "<name>.v" as the optimizer has them. Row-major float32. */
  stateTensors(): { name: string; shape: number[]; bytes: number }[]
  readState(name: string, offset: number, bytes: number): Promise<Uint8Array>
  writeState(name: string, offset: number, data: Uint8Array): Promise<void>

  /** Joins the ranks. firstLanes[r] is the first lane of rank r. Absent: a world of one. */
  setCollective(collective: Collective, firstLanes: number[]): void
  /** Reads the next batch of every own lane and computes its gradients. Does not change weights. */
  compute(step: number, feed: Feed): Promise<LaneResult[]>
  /** Adds gradients, losses, counts and flags over all lanes of all ranks by the lane tree. `order`: any rank's true reaches all. */
  exchange(order: boolean): Promise<StepSummary>
  /** Applies the reduced gradient divided by the global count. `step` counts from 1. */
  update(step: number): Promise<void>
  /** Scores pieces in order; batches do not cross a piece. Scores go sorted and run-length counted to `scoresPath`. */
  evaluate(feed: Feed, pieces: NativePiece[], scoresPath: string): Promise<PieceScores[]>
  close(): void
}

export interface LaneResult {
  lane: number
  examples: number
  lossSum: number
  cursor: NativeCursor
  rejected: number
  heldOut: number
  rejects: NativeReject[]
  readMs: number
  computeMs: number
}
/** The same on every rank. */
export interface StepSummary {
  examples: number
  lossSum: number
  /** Every lane of every rank has come to its end. */
  exhausted: boolean
  order: boolean
  /** Lanes whose loss or gradient is not finite: nothing may be updated. */
  notFinite: number[]
  cursors: NativeCursor[]
}

export interface NativeCursor {
  piece: number
  offset: number
  line: number
  emitted: number
  exhausted: boolean
}
export interface NativeReject {
  file: number
  line: number
  reason: string
  text: string
}
export interface NativeBlock {
  file: number
  offset: number
  bytes: number
  /** Lines of the file before the block. */
  firstLine: number
  lines: number
}
export interface NativePiece extends NativeBlock {
  id: number
  /** Lines of the block before the piece, and lines of the piece. */
  skip: number
  take: number
  split: string
}
export interface NativeFileIndex {
  textBytes: number
  lines: number
  gzip: boolean
  blocks: NativeBlock[]
}
/** paths[i] is file i; pointsPaths[i] its gzip access points, empty for plain text; vocabularyPath empty: keep every value. */
export interface NativeSource {
  paths: string[]
  pointsPaths: string[]
  vocabularyPath: string
  features: FeaturePlan
  /** Set when the split is by fraction: rows of other splits are counted as held out. */
  fraction?: { seed: number; validation: number; test: number }
}
export interface FeedOptions {
  source: NativeSource
  laneBatch: number
  shuffleRows: number
  seed: number
}
/** Examples of lanes, read ahead by the feed's own thread. */
export interface Feed {
  startEpoch(epoch: number, lanes: { lane: number; pieces: NativePiece[]; cursor: NativeCursor | null }[]): void
  /** For tests and benchmarks: batches of a lane from memory instead of a log; repeats them when `repeat`. */
  setMemory(lane: number, batches: { labels: Float32Array; ids: BigInt64Array; numbers: Float32Array }[], repeat: boolean): void
  /** The next batch of a lane as Trainer.compute takes it; no labels at the lane's end. For tests. */
  nextBatch(lane: number): Promise<NativeBatch>
  /** Reads one piece whole: for tests and export of ids. */
  readPiece(piece: NativePiece): Promise<NativeBatch>
  close(): void
}
/** labels [B], ids [B, fields], numbers [B, width]; rejects are the first 100 of `rejected`. */
export interface NativeBatch {
  labels: Float32Array
  ids: BigInt64Array
  numbers: Float32Array
  cursor: NativeCursor
  rejected: number
  heldOut: number
  rejects: NativeReject[]
}
export interface PieceScores {
  piece: number
  count: number
  positives: number
  logloss: number
  predicted: number
  rejected: number
  rejects: NativeReject[]
}

export { loadNative } from './load.js'
