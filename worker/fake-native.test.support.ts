/**
 * A native engine of a few numbers, for tests of what the worker does around it. One parameter "w" of 600,000 floats (over two chunks);
 * a lane has as many examples as the first line of its first piece says. Ranks of one process meet in a shared exchange.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { transientError } from '../common/errors.js'
import type {
  Collective,
  CudaDescription,
  Feed,
  FeedOptions,
  LaneResult,
  Native,
  NativePiece,
  StepSummary,
  Trainer,
  TrainerOptions,
} from '../native/ts/binding.js'

export interface FakeNative extends Native {
  gpus: CudaDescription['devices']
  freeBytes: number
  /** Where the library of products was found. */
  products: string | null
  /** What trainers were made for. */
  devices: object[]
  calls: string[]
  weights: Float32Array
  /** Called inside every exchange: throw, wait, or change the summary. */
  onExchange: (sum: StepSummary, aborted: Promise<never>) => Promise<void>
  batches: number
  /** Examples of a validation lane in one step. */
  validationExamples: number
  validationNotFinite: number[]
}

export const fakeFloats = 600_000

export function createFakeNative(): FakeNative {
  const native = {
    calls: [] as string[],
    weights: new Float32Array(fakeFloats),
    batches: 3,
    gpus: [],
    freeBytes: 0,
    products: '/fake/libcublasLt.so',
    devices: [] as object[],
    validationExamples: 4,
    validationNotFinite: [],
    onExchange: async () => {},
    describe: () => ({ version: '0', cpuClass: 'fake', isa: 'fake', onednn: '0', gloo: false }),
    describeCuda: () => ({
      built: true,
      devices: native.gpus,
      why: 'no GPU here',
      libraries: [{ name: 'cuBLASLt', path: native.products, version: '1', why: 'looked in /lib' }],
    }),
    freeDeviceMemory: () => native.freeBytes,
    dieWithParent: (pid: number) => pid === process.pid,
    createCollective({ host, rank, world, timeoutMs }: Parameters<Native['createCollective']>[0]): Collective {
      native.calls.push(`collective ${host} ${rank}/${world} ${timeoutMs}`)
      let break_: (error: Error) => void = () => {}
      aborted = new Promise<never>((_, reject) => {
        break_ = reject
      })
      aborted.catch(() => {})
      return {
        prepare: () => Buffer.from(`${host} ${rank}`),
        connect: async (addresses: Uint8Array[]) => void native.calls.push(`connect ${addresses.map((a) => Buffer.from(a).toString())}`),
        abort: () => break_(transientError('collective-broken', '[exchange] aborted')),
        close: () => void native.calls.push('collective closed'),
      } as unknown as Collective
    },
    createFeed(options: FeedOptions): Feed {
      native.calls.push(`feed ${options.source.paths} ${options.source.vocabularyPath && readFileSync(options.source.vocabularyPath, 'utf8')}`)
      return {
        startEpoch: (epoch: number, _: unknown, repeat = false) => void native.calls.push(`epoch ${epoch}${repeat ? ' again and again' : ''}`),
        close: () => void native.calls.push('feed closed'),
      } as unknown as Feed
    },
    createTrainer: (options: TrainerOptions) => fakeTrainer(native as unknown as FakeNative, options, () => aborted),
    async indexFile({ path, lanes, pointsPath }: Parameters<Native['indexFile']>[0]) {
      writeFileSync(pointsPath, 'points')
      return { textBytes: path.length, lines: lanes, gzip: true, blocks: [{ file: 0, offset: 0, bytes: 10, firstLine: 0, lines: 2 }] }
    },
    countValues: async ({ pieces, outPath }: { pieces: NativePiece[]; outPath: string }) =>
      writeFileSync(outPath, `counts of ${pieces.map((p) => p.id)}`),
  }
  let aborted: Promise<never> = new Promise(() => {})
  return native as unknown as FakeNative
}

function fakeTrainer(native: FakeNative, options: TrainerOptions, aborted: () => Promise<never>): Trainer {
  const { firstLane, laneCount, device, gpu, precision, exchange } = options
  native.devices.push(device === 'cuda' ? { device, gpu, precision, exchange } : { device })
  let batch = 0
  let lanes: LaneResult[] = []
  const say = (call: string) => void native.calls.push(call)
  return {
    initialize: async () => say('initialize'),
    stateTensors: () => [{ name: 'w', shape: [fakeFloats], bytes: native.weights.byteLength }],
    readState: async (_: string, offset: number, bytes: number) => new Uint8Array(native.weights.buffer, offset, bytes).slice(),
    writeState: async (_: string, offset: number, data: Uint8Array) => new Uint8Array(native.weights.buffer).set(data, offset),
    setCollective: (_: Collective, firstLanes: number[]) => say(`ranks ${firstLanes}`),
    setController: (phi: Float32Array, version: number) => say(`controller ${version}: ${phi.join()}`),
    async compute(step: number, _: Feed, options = { search: false, temperature: 1 }) {
      say(`compute ${step}${options.search ? ` to search at ${options.temperature}` : ''}`)
      batch++
      const cursor = { piece: 0, offset: batch, line: batch, emitted: 0, exhausted: batch >= native.batches, pass: 0 }
      lanes = Array.from({ length: laneCount }, (_, i) => ({
        ...{ lane: firstLane + i, examples: 4, lossSum: 2, cursor, rejected: 1, heldOut: 2, heldOutTest: 1, readMs: 1, computeMs: 2 },
        rejects: [{ file: 0, line: batch, reason: 'columns', text: 'x' }],
        candidates: new Float32Array(0),
      }))
      return lanes
    },
    async exchange(order: boolean) {
      const exhausted = batch >= native.batches
      const sum: StepSummary = {
        examples: 4 * laneCount,
        lossSum: 2 * laneCount,
        exhausted,
        order,
        notFinite: [],
        cursors: lanes.map((l) => l.cursor),
      }
      await native.onExchange(sum, aborted())
      return sum
    },
    async validate(step: number) {
      say(`validate ${step}`)
      const cursor = { piece: 0, offset: step, line: step, emitted: 0, exhausted: false, pass: 1 }
      return lanes.map(({ lane }) => ({ lane, examples: native.validationExamples, cursor, rejected: 3 }))
    },
    async exchangeValidation() {
      const examples = native.validationExamples * laneCount
      return { examples, lossSum: examples / 2, notFinite: native.validationNotFinite, cursors: [] }
    },
    async tangents(step: number) {
      say(`tangents ${step}`)
      return lanes.map(({ lane, examples }) => ({ lane, examples, evidence: Float32Array.of(step, lane, 0.5) }))
    },
    update: async (step: number) => say(`update ${step}`),
    async evaluate(_: Feed, pieces: NativePiece[], scoresPath: string) {
      writeFileSync(scoresPath, 'scores')
      return pieces.map(({ id }) => ({ piece: id, count: 5, positives: 1, logloss: 2.5, predicted: 1.5, correct: 4, rejected: 0, rejects: [] }))
    },
    close: () => say('trainer closed'),
  } as unknown as Trainer
}
