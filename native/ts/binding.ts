/**
 * The only file that loads the addon, and the whole of its surface. Names and order are those of native/addon.
 * Native errors arrive as LossmithError: kind and code come from the engine. Promises settle from the engine's own threads;
 * nothing here computes on the JavaScript thread. Handles are closed explicitly. Sizes and row numbers are exact up to 2^53.
 */
import type { FeaturePlan } from '../../common/job/features.js'
import type { ControllerPlan, OptimizerSpec, ParameterSpec, TableSpec } from '../../model/plan.js'
import type { Program } from '../../model/program.js'

export interface Native {
  /** What this build and this machine are. */
  describe(): { version: string; cpuClass: string; isa: string; onednn: string; gloo: boolean }
  /** GPUs, with `libraries` also what they are used through: opens them all, which takes a moment. Uses no GPU. LOSSMITH_CUDA=emulated: one device, on the CPU. */
  describeCuda(options?: { libraries: boolean }): CudaDescription
  /** Bytes that are free on a GPU now; makes this process's context on it. @throws config `no-gpu` */
  freeDeviceMemory(gpu: number): number
  /** Asks the kernel to end this process when its parent dies (prctl PR_SET_PDEATHSIG); true unless the parent is gone already. */
  dieWithParent(parentPid: number): boolean
  /** Runs a program once on plain arrays with guard zones around every buffer: for tests of ops. */
  runProgram(program: Program, batch: number, values: ProgramValues, options?: RunOptions): ProgramResult
  /** Where a program's time goes on a GPU: means over `repeats` runs; zeros when emulated. */
  profileProgram(program: Program, batch: number, values: ProgramValues, options: RunOptions & { repeats: number }): ProgramProfile
  /** What a step does with gradients and state, part by part, on the CPU or on GPU 0 (emulated where there is none): for tests that both give the same bits. */
  stepParts: StepParts

  /** CUDA C of the program's elementwise instructions, in order: for tests. @throws config `no-gpu` of a build without CUDA, as the next one */
  chainSources(program: Program): KernelSource[]
  /** Code of a GPU (90: sm_90) by NVRTC, which needs none; `folder` keeps it, '' nothing. @throws config `library-missing`, broken `kernel-source` */
  compileKernel(source: KernelSource, architecture: number, folder: string): Uint8Array

  createCollective(options: { host: string; rank: number; world: number; timeoutMs: number }): Collective
  /** A world of ranks inside this process, for tests: same interface, same conformance suite. */
  createLocalCollectives(world: number, timeoutMs: number): Collective[]
  /** Over NCCL, through buffers on a GPU. @throws config `no-gpu`, `library-missing`, `nccl-version` */
  createNcclCollective(options: { gpu: number; rank: number; world: number; timeoutMs: number }): Collective
  /** NCCL by itself: native/ts/nccl.ts says what these do. */
  ncclLibrary(): { path: string; version: number }
  createNcclId(): Uint8Array
  NcclRank: new (options: { gpu: number }) => NcclRank
  createTrainer(options: TrainerOptions): Trainer

  /** `header`: the first line names the columns and is in no block. */
  indexFile(options: { path: string; lanes: number; maxBlockBytes: number; header?: boolean; pointsPath: string }): Promise<NativeFileIndex>
  /** Writes counts (sorted by key) of the pieces' categorical values, where minCount > 1 asks for them, and moments of their numbers to `outPath`. */
  countValues(options: { source: NativeSource; pieces: NativePiece[]; outPath: string }): Promise<void>
  /** Labels of the pieces' rows, and the values of `fields` (places among the ids), of each at most `limit`. */
  survey(options: { source: NativeSource; pieces: NativePiece[]; fields: number[]; limit: number }): Promise<NativeSurvey>
  createFeed(options: FeedOptions): Feed
}

export interface CudaDescription {
  /** Whether a CUDA compiler was there when the engine was built. */
  built: boolean
  /** Those that can be used: sm_80 or newer, the driver new enough. Versions of driver and runtime are CUDA's, as 13000. */
  devices: {
    ordinal: number
    name: string
    uuid: string
    major: number
    minor: number
    processors: number
    memory: number
    driver: number
    runtime: number
  }[]
  /** Why a GPU cannot be used, or why there is none. */
  why: string | null
  /** Empty unless asked for. `why`, of one that was not found: where it was looked for and how to get it. */
  libraries: { name: string; path: string | null; version: string | null; why: string | null }[]
}

/** `name` is the kernel's in `text`. */
export interface KernelSource {
  name: string
  text: string
}

/** `tangents` and `tangent` are wanted where the program reads them. Both phases run, one after the other. */
export interface ProgramValues {
  inputs: Record<string, Float32Array | BigInt64Array>
  parameters: Record<string, Float32Array>
  tangents?: Record<string, Float32Array>
  tables: Record<string, { rows: number; width: number; values: Float32Array; tangent?: Float32Array }>
  seed: number
  step: number
  lane: number
}
/** Absent: cpu. `cuda`: GPU 0; `emulated`: the GPU's code, as far as it can be, on the CPU. The rest is of devices only: float32, fused. */
export interface RunOptions {
  device?: 'cpu' | 'cuda' | 'emulated'
  precision?: 'float32' | 'tf32' | 'bf16'
  /** False: one kernel for each instruction of the program. */
  fuse?: boolean
}
export interface ProgramProfile {
  /** In their order, each timed by itself: ops and sizes, several where one launch does them. B is the batch. */
  launches: { instruction: string; milliseconds: number }[]
  /** Of a whole run; from a graph where the batch is full. */
  graphMilliseconds: number
}
export interface ProgramResult {
  outputs: Record<string, Float32Array>
  gradients: Record<string, Float32Array>
  tableGradients: Record<string, { rows: number[]; values: Float32Array }>
  /** Names of buffers whose guard zones were written to. */
  overruns: string[]
}

/** Rows ascend, no row twice; values are rows × width. */
export interface RowValues {
  width: number
  rows: number[]
  values: Float32Array
}
export interface StepScalars {
  device: 'cpu' | 'cuda'
  optimizer: OptimizerSpec
  lookahead: ControllerPlan['lookahead']
  step: number
  examples: number
  validationExamples: number
}
/** Planes are weight, the optimizer's states and, in results, V. */
export interface StepParts {
  /** The lane tree over one or more leaves. */
  addDense(options: { device: 'cpu' | 'cuda'; lanes: number; leaves: { lane: number; values: Float32Array }[] }): Float32Array
  /** Of two tables, a leaf has the same rows of both. */
  addRows(options: { device: 'cpu' | 'cuda'; lanes: number; rows: number; leaves: { lane: number; first: RowValues; second: RowValues }[] }): {
    first: RowValues
    second: RowValues
  }
  /** V, then the update. */
  stepDense(options: StepScalars & { state: Float32Array[]; gradient: Float32Array; validation: Float32Array }): Float32Array[]
  /** The same of a table after its first weights. */
  stepTable(options: StepScalars & { table: TableSpec; seed: number; gradient: RowValues; validation: RowValues }): Float32Array[]
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

/** Memory of a device. */
export interface NcclBuffer {
  free(): void
}
export interface NcclPlace {
  buffer: NcclBuffer
  /** Bytes. */
  offset: number
}
export interface NcclCall {
  call: 'allReduce' | 'reduce' | 'reduceScatter' | 'broadcast' | 'allGather' | 'send' | 'receive'
  type: string
  /** Values of one rank. */
  count: number
  op?: string
  /** The other rank, or the root. */
  peer?: number
  from?: NcclPlace
  to?: NcclPlace
}
/** A GPU, memory on it and one communicator. Promises must not overlap; abort may be called at any time. */
export interface NcclRank {
  readonly device: string
  connect(options: { id: Uint8Array; rank: number; world: number; timeoutMs: number }): Promise<void>
  allocate(options: { bytes: number }): NcclBuffer
  write(options: { to: NcclPlace; bytes: Uint8Array }): Promise<void>
  read(options: { from: NcclPlace; bytes: number }): Promise<Uint8Array>
  run(calls: NcclCall[]): Promise<void>
  close(): Promise<void>
  abort(): void
}

export interface TrainerOptions {
  parameters: readonly ParameterSpec[]
  tables: readonly TableSpec[]
  optimizer: OptimizerSpec
  /** 1: logits [B]; C from 2 on: logits [B, C] and labels 0..C-1. */
  classes: number
  train: Program
  predict: Program
  controller: Pick<ControllerPlan, 'size' | 'search' | 'validate' | 'lookahead' | 'laneBatch'> | null
  seed: number
  lanes: number
  laneBatch: number
  threads: number
  firstLane: number
  laneCount: number
  /** Of this process; absent: cpu, GPU 0, float32, tree. */
  device?: 'cpu' | 'cuda'
  gpu?: number
  precision?: 'float32' | 'tf32' | 'bf16'
  exchange?: 'tree' | 'allreduce'
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
  /** phi and its version, used from the next compute on. May be called at any time, beside other calls. The first weights are zeros, version 0. */
  setController(phi: Float32Array, version: number): void
  /** Reads the next batch of every own lane and computes its gradients, with `search` so that tangents() can follow. Does not change weights. */
  compute(step: number, feed: Feed, options?: { search: boolean; temperature: number }): Promise<LaneResult[]>
  /** Adds gradients, losses, counts and flags over all lanes of all ranks by the lane tree. `order`: any rank's true reaches all. @throws broken `controller-version` */
  exchange(order: boolean): Promise<StepSummary>

  /** After an exchange of a step that was computed with `search`: the next validation batch of every own lane and its gradients. */
  validate(step: number, feed: Feed): Promise<ValidationLane[]>
  /** Adds the validation gradients over all lanes of all ranks; of table rows only those that the step's own gradient has. */
  exchangeValidation(): Promise<ValidationSummary>
  /** V, the validation gradient times the derivative of the optimizer's step, and from it the evidence of every own lane's batch. */
  tangents(step: number): Promise<LaneEvidence[]>

  /** Applies the reduced gradient divided by the global count. `step` counts from 1. */
  update(step: number): Promise<void>
  /** Scores pieces in order; batches do not cross a piece. Scores go sorted and run-length counted to `scoresPath`. */
  evaluate(feed: Feed, pieces: NativePiece[], scoresPath: string): Promise<PieceScores[]>
  close(): void
}

export interface ValidationLane {
  lane: number
  examples: number
  /** Of the objective. */
  lossSum: number
  cursor: NativeCursor
  rejected: number
  /** Rows of other splits, and how many of them are of the test split. */
  heldOut: number
  heldOutTest: number
  rejects: NativeReject[]
  readMs: number
  computeMs: number
}
export interface LaneResult extends ValidationLane {
  /** Sums over the lane's examples of the K weights, then of the K losses; empty where one loss is trained. */
  candidates: Float32Array
}
/** EvidenceLayout of model/plan.ts says what stands where; empty for a lane without examples. */
export interface LaneEvidence {
  lane: number
  examples: number
  evidence: Float32Array
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

/** The same on every rank. */
export interface ValidationSummary {
  examples: number
  lossSum: number
  notFinite: number[]
  cursors: NativeCursor[]
}

export interface NativeCursor {
  piece: number
  offset: number
  line: number
  emitted: number
  exhausted: boolean
  /** How often a lane that repeats has begun again. */
  pass: number
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
  /** The first line, where it is a header. */
  header: string
}
/** classCounts: by class, of a click log [others, clicks]. Values ascend by text; `more`: there are more than the limit. */
export interface NativeSurvey {
  examples: number
  classCounts: number[]
  fields: { field: number; values: { text: string; row: number; count: number }[]; more: boolean }[]
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
  /**
   * With `repeat` a lane begins again at its end, shuffled anew: its batches are full and it is never exhausted, unless no row of it is
   * accepted. The order of its rows then depends on the pass instead of the epoch.
   */
  startEpoch(epoch: number, lanes: { lane: number; pieces: NativePiece[]; cursor: NativeCursor | null }[], repeat?: boolean): void
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
  /** Rows of other splits, and how many of them are of the test split. */
  heldOut: number
  heldOutTest: number
  rejects: NativeReject[]
}
/** With classes of 2 and more `positives` and `predicted` are 0, and the scores' file is empty. */
export interface PieceScores {
  piece: number
  count: number
  positives: number
  logloss: number
  /** Sum of probabilities. */
  predicted: number
  /** Examples whose most probable class is the label; for clicks, whose logit is above 0 just when the label is 1. */
  correct: number
  rejected: number
  rejects: NativeReject[]
}

export { loadNative } from './load.js'
