/** A worker before a coordinator that a test plays: every task, every way to end. Real gRPC, an engine of a few numbers. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { refusedError } from '../common/errors.js'
import { version } from '../common/version.js'
import type { Task } from '../proto/generated/lossmith/v1/Task.js'
import { type FakeCoordinator, startFakeCoordinator } from './fake-coordinator.test.support.js'
import { createFakeNative, type FakeNative, fakeFloats } from './fake-native.test.support.js'
import { runWorker, type WorkerOptions } from './run-worker.js'
import { checkFiles } from './tasks/check-files.js'

let coordinator: FakeCoordinator
let native: FakeNative
let stop: AbortController
let folder: string
const running: Promise<void>[] = []

beforeEach(async () => {
  coordinator = await startFakeCoordinator()
  native = createFakeNative()
  stop = new AbortController()
  folder = mkdtempSync(join(tmpdir(), 'worker-test-'))
})
afterEach(async () => {
  stop.abort()
  await Promise.allSettled(running.splice(0))
  coordinator.stop()
  rmSync(folder, { recursive: true })
  assert.deepEqual(
    readdirSync(tmpdir()).filter((name) => name.startsWith(`lossmith-worker-${process.pid}-`)),
    [],
    'a worker removes its scratch directory however it ends',
  )
})

const start = (options: Partial<WorkerOptions> = {}) => {
  const ended = runWorker(
    { coordinator: coordinator.address, threads: 2, device: { device: 'auto' }, bind: '', insecure: false, signal: stop.signal, ...options },
    native,
  )
  running.push(ended)
  ended.catch(() => {}) // also where a test looks at it later
  return ended
}
const plan = Buffer.from(JSON.stringify({ parameters: [], tables: [], optimizer: {}, train: {}, predict: {}, fields: 39, numbers: 0 }))
const source = { paths: ['a.tsv'], indexArtifacts: ['index/0'], featuresJson: '{}', vocabularyArtifact: 'vocabulary' }
const prepare = (change: object = {}): Task => ({
  prepare: {
    ...{ rank: 0, world: 1, lanes: 2, firstLane: 0, laneCount: 2, seed: 1, laneBatch: 4, source },
    ...{ planArtifact: 'plan', planSha256: createHash('sha256').update(plan).digest('hex'), ...change },
  },
})
const piece = { id: 9, block: { file: 0, offset: 0, bytes: 10, firstLine: 0, lines: 2 }, skip: 0, take: 2, split: 'train' }
const epoch = (change: object = {}): Task => ({
  trainEpoch: { epoch: 1, firstStep: 1, lastStep: 0, lanes: [0, 1].map((lane) => ({ lane, pieces: [piece] })), ...change },
})
async function prepared(change: object = {}): Promise<void> {
  coordinator.artifacts.set('plan', plan).set('index/0', Buffer.from('points')).set('vocabulary', Buffer.from('words'))
  const result = await coordinator.give(prepare(change))
  assert.equal(result.failure, null)
}

test('joins with what it is, does the tasks before training, ends with Finish', async () => {
  const log = join(folder, 'a.tsv')
  writeFileSync(log, 'x'.repeat(100_000))
  const ended = start({ name: 'left' })

  const { files } = await coordinator.give({ checkFiles: { paths: [log] } })
  const size = Buffer.from([0xa0, 0x86, 1, 0, 0, 0, 0, 0])
  const digest = createHash('sha256').update(size).update('x'.repeat(100_000)).digest()
  assert.deepEqual(files, [{ path: log, bytes: 100_000, digest }])

  const { index } = await coordinator.give({ indexFile: { file: 3, path: log, lanes: 8, maxBlockBytes: 100, artifact: 'index/3' } })
  assert.deepEqual(index?.blocks, [{ file: 3, offset: 0, bytes: 10, firstLine: 0, lines: 2 }])
  assert.equal(coordinator.artifacts.get('index/3')?.toString(), 'points')

  coordinator.artifacts.set('index/0', Buffer.from('p')).set('vocabulary', Buffer.from('v'))
  const { failure } = await coordinator.give({ countValues: { pieces: [piece], artifact: 'counts/left', source } })
  assert.equal(failure, null)
  assert.equal(coordinator.artifacts.get('counts/left')?.toString(), 'counts of 9')

  await coordinator.give({ finish: { message: 'done' } })
  await ended
  const [{ host, pid, threads, cpuClass, ...join_ }] = coordinator.joins as [(typeof coordinator.joins)[0]]
  assert.deepEqual([host, pid, threads, cpuClass, join_.version, join_.name], [hostname(), process.pid, 2, 'fake', version, 'left'])
})

const gpu = (ordinal: number) => ({
  ...{ ordinal, name: 'NVIDIA H200', uuid: `GPU-${ordinal}`, major: 9, minor: 0, processors: 132 },
  ...{ memory: 2 ** 37, driver: 13000, runtime: 13000 },
})

test('names its GPUs when it joins, and computes on the one that it is told to', async () => {
  native.gpus = [gpu(0), gpu(1)]
  native.freeBytes = 1000
  start()
  const cuda = { device: 'cuda', gpu: 1, precision: 'tf32', exchange: 'tree', gpuBytes: 1000 }
  await prepared(cuda)
  const { device, gpus, noGpu, memoryBytes } = coordinator.joins[0]!
  const named = { name: 'NVIDIA H200', gpuClass: 'cuda sm_90/NVIDIA H200/132/cuBLASLt-1/NVRTC-none', memoryBytes: 2 ** 37 }
  assert.deepEqual(
    gpus,
    [0, 1].map((ordinal) => ({ ordinal, uuid: `GPU-${ordinal}`, ...named })),
  )
  assert.deepEqual([device, noGpu], ['auto', ''])
  assert.ok(memoryBytes > 2 ** 20, `${memoryBytes} bytes of this machine are free`)
  assert.deepEqual(native.devices, [{ device: 'cuda', gpu: 1, precision: 'tf32', exchange: 'tree' }])

  const { failure } = await coordinator.give(prepare({ ...cuda, gpuBytes: 2 ** 30 }))
  assert.deepEqual([failure?.kind, failure?.code], ['config', 'memory-too-small'])
  assert.match(failure!.message, /wanted 1\.00 GiB of GPU 1, got 0\.00 free: .*--gpu.*features\.rows/)
})

test('a GPU that was asked for and is not there ends the worker before it joins', async () => {
  const wanted = (gpu?: number) => start({ device: { device: 'cuda', ...(gpu !== undefined && { gpu }) } })
  await assert.rejects(wanted(), { kind: 'config', code: 'no-gpu', message: '[worker] wanted a usable GPU, got none: no GPU here' })
  native.gpus = [gpu(0)]
  await assert.rejects(wanted(1), { code: 'no-gpu', message: '[worker] wanted a usable GPU 1, got none: there is 0' })
  native.products = null
  await assert.rejects(wanted(), { code: 'no-gpu', message: '[worker] wanted a usable GPU, got none: cuBLASLt: looked in /lib' })
  start()
  await prepared()
  assert.deepEqual(
    coordinator.joins.map(({ gpus, noGpu }) => [gpus.length, noGpu]),
    [[0, 'cuBLASLt: looked in /lib']],
    'auto does without',
  )
  assert.deepEqual(native.devices, [{ device: 'cpu' }])
})

test('the digest of a large file sees a byte near its start, in its middle windows and at its end', async () => {
  const log = join(folder, 'large.tsv')
  const size = (40 << 20) + 12_345
  const bytes = Buffer.alloc(size, 'x')
  const digests = new Set<string>()
  const middle = Math.round((100 * (size - 65_536)) / 255) + 7
  for (const at of [null, 0, middle, size - 1]) {
    if (at !== null) bytes[at]! ^= 1
    writeFileSync(log, bytes)
    const [facts] = await checkFiles([log])
    assert.equal(facts!.bytes, size)
    digests.add(Buffer.from(facts!.digest as Uint8Array).toString('hex'))
    if (at !== null) bytes[at]! ^= 1
  }
  assert.equal(digests.size, 4)
})

test('trains step by step: compute, exchange, update, a report of each; the epoch ends when every lane has', async () => {
  const ended = start()
  await prepared()
  await coordinator.give({ loadState: { checkpoint: '' } })
  const { train } = await coordinator.give(epoch())
  const cursor = { piece: 0, offset: 3, line: 3, emitted: 0, exhausted: true, pass: 0 }
  assert.deepEqual(train, { reason: 'END_OF_EPOCH', step: 3, cursors: [0, 1].map((lane) => ({ lane, cursor })), validation: [] })
  assert.deepEqual(native.calls, ['feed a.tsv words', 'initialize', 'epoch 1', ...[1, 2, 3].flatMap((n) => [`compute ${n}`, `update ${n}`])])
  assert.deepEqual(
    coordinator.reports.map(({ step, epoch, examples, lossSum, lanes }) => [
      step,
      epoch,
      examples,
      lossSum,
      lanes.map((l) => l.rejected + l.heldOut),
    ]),
    [1, 2, 3].map((n) => [n, 1, 8, 4, [3, 3]]),
    'all reports are there before the task completes',
  )
  assert.deepEqual(coordinator.reports[1]!.lanes[0]!.rejects, [{ file: 0, line: 2, reason: 'columns', text: 'x' }])
  await coordinator.give({ finish: {} })
  await ended
  assert.deepEqual(native.calls.slice(-2), ['trainer closed', 'feed closed'])
})

test('stops at the last step it was given, and after an order to yield that went through an exchange', async () => {
  start()
  await prepared()
  native.batches = 1000
  const first = await coordinator.give(epoch({ lastStep: 2 }))
  assert.deepEqual([first.train?.reason, first.train?.step], ['LAST_STEP', 2])
  coordinator.yieldAfter = 5
  native.onExchange = () => sleep(20)
  const second = await coordinator.give(epoch({ firstStep: 3 }))
  assert.equal(second.train?.reason, 'ORDERED')
  assert.ok(second.train!.step > 5 && second.train!.step < 50)
  const third = await coordinator.give(epoch({ firstStep: second.train!.step + 1, lastStep: second.train!.step + 1 }))
  assert.equal(third.train?.reason, 'LAST_STEP', 'an order holds for one TrainEpoch')
})

test('a loss that is not finite fails the task before the update, with step and lane', async () => {
  const ended = start()
  await prepared()
  native.onExchange = async (sum) => {
    if (native.calls.includes('update 1')) sum.notFinite = [3, 5]
  }
  const { failure } = await coordinator.give(epoch())
  assert.equal(failure?.code, 'loss-not-finite')
  assert.match(failure.message, /step 2.* lanes 3, 5/)
  assert.ok(!native.calls.includes('update 2'))
  coordinator.heartbeatReply = { stop: true, reason: 'a worker failed' }
  await assert.rejects(ended, { code: 'loss-not-finite' }, 'what this worker met itself says more than the verdict')
})

test('a step without examples updates nothing', async () => {
  start()
  await prepared()
  native.batches = 1
  native.onExchange = async (sum) => {
    sum.examples = 0
  }
  const { train } = await coordinator.give(epoch({ firstStep: 8 }))
  assert.deepEqual([train?.reason, train?.step], ['END_OF_EPOCH', 7], 'and uses up no number')
  assert.ok(!native.calls.includes('update 8'))
  assert.equal(coordinator.reports.length, 1, 'its rejects and held-out rows count')
})

test('state goes up in the ranges asked for, in chunks of at most 1 MiB, and comes back whole', async () => {
  start()
  await prepared()
  for (let i = 0; i < fakeFloats; i++) native.weights[i] = Math.fround(i / 7)
  const bytes = fakeFloats * 4
  const ranges = [
    { tensor: 'w', offset: 0, bytes: 1_500_000 },
    { tensor: 'w', offset: 1_500_000, bytes: bytes - 1_500_000 },
  ]
  const saved = await coordinator.give({ saveState: { checkpoint: 'step-1', ranges } })
  assert.equal(saved.failure, null)
  assert.ok(coordinator.chunks.length >= 3)
  assert.ok(coordinator.chunks.every(({ data, checkpoint }) => data.length <= 1 << 20 && checkpoint === 'step-1'))

  const before = native.weights.slice()
  native.weights.fill(0)
  coordinator.state = [...coordinator.chunks].reverse()
  assert.equal((await coordinator.give({ loadState: { checkpoint: 'step-1' } })).failure, null)
  assert.deepEqual(native.weights, before)
  const nothing = await coordinator.give({ saveState: { checkpoint: 'step-1', ranges: [] } })
  assert.equal(nothing.failure, null)
})

test('a checkpoint that does not fit is refused', async () => {
  start()
  await prepared()
  const whole = { checkpoint: 'c', tensor: 'w', offset: 0, data: Buffer.alloc(fakeFloats * 4) }
  const wrong: [string, object[], RegExp][] = [
    ['another tensor', [{ ...whole, tensor: 'x' }], /wanted one of the tensors w, got "x"/],
    ['bytes past the end', [{ ...whole, offset: 4 }], /wanted 2400000 bytes of "w", got bytes up to 2400004/],
    ['a byte twice', [whole, { ...whole, data: Buffer.alloc(4) }], /every byte of "w" once/],
    ['a part', [{ ...whole, data: Buffer.alloc(8) }], /all 2400000 bytes of "w", got less/],
    ['nothing', [], /got less/],
  ]
  for (const [what, chunks, message] of wrong) {
    coordinator.state = chunks
    const { failure } = await coordinator.give({ loadState: { checkpoint: 'c' } })
    assert.equal(failure?.code, 'checkpoint-mismatch', what)
    assert.match(failure.message, message)
  }
})

test('a plan that is not the one of the run, and a task before Prepare, are refused', async () => {
  start()
  assert.equal((await coordinator.give(epoch())).failure?.code, 'not-prepared')
  coordinator.artifacts
    .set('plan', Buffer.concat([plan, Buffer.from(' ')]))
    .set('index/0', Buffer.from(''))
    .set('vocabulary', Buffer.from(''))
  const { failure } = await coordinator.give(prepare())
  assert.deepEqual([failure?.kind, failure?.code], ['broken', 'plan-hash'])
})

test('files that cannot be read are named with host and path', async () => {
  start()
  const empty = join(folder, 'empty')
  writeFileSync(empty, '')
  for (const [path, code] of [
    ['/no/such/log', 'file-unreadable'],
    [folder, 'file-unreadable'],
    [empty, 'file-empty'],
  ] as const) {
    const { failure } = await coordinator.give({ checkFiles: { paths: [path] } })
    assert.deepEqual([failure?.kind, failure?.code], ['config', code])
    assert.ok(failure?.message.includes(path) && failure.message.includes(hostname()))
  }
})

test('scores pieces and sends sums and score counts', async () => {
  start()
  await prepared()
  const { evaluate } = await coordinator.give({ evaluate: { pieces: [piece], scoresArtifact: 'scores/1' } })
  assert.deepEqual(evaluate?.pieces, [{ piece: 9, count: 5, positives: 1, logloss: 2.5, predicted: 1.5, correct: 4, rejects: [] }])
  assert.equal(coordinator.artifacts.get('scores/1')?.toString(), 'scores')
})

test('a broken exchange is reported; the worker lives on until it is told to stop', async () => {
  const ended = start({ bind: '127.0.0.2' })
  await prepared({ world: 2, laneCount: 1 })
  await coordinator.give({ connect: { addresses: [Buffer.from('a'), Buffer.from('b')], firstLanes: [0, 1], timeoutMs: 1000 } })
  assert.ok(native.calls.includes('collective 127.0.0.2 0/2 8000') && native.calls.includes('connect a,b') && native.calls.includes('ranks 0,1'))
  native.onExchange = async () => {
    throw Object.assign(new Error('[exchange] rank 1 closed'), { kind: 'transient', code: 'collective-timeout' })
  }
  const { failure } = await coordinator.give(epoch())
  assert.deepEqual(failure, { kind: 'transient', code: 'collective-broken', message: '[exchange] rank 1 closed' })
  const beats = coordinator.heartbeats.length
  await sleep(200)
  assert.ok(coordinator.heartbeats.length > beats)
  coordinator.heartbeatReply = { stop: true, reason: 'worker right was lost' }
  await assert.rejects(ended, { kind: 'transient', code: 'run-stopped', message: /worker right was lost/ })
  assert.equal(coordinator.leaves[0]?.failure, null, 'it knows')
})

for (const [how, act] of [
  ['dies', () => coordinator.stop()],
  ['answers no more', () => (coordinator.heartbeatReply = 'silence')],
] as const) {
  test(`a coordinator that ${how} is lost, also for a worker in a blocked exchange`, async () => {
    const ended = start()
    await prepared({ world: 2, laneCount: 1 })
    let blocked: () => void = () => {}
    const inExchange = new Promise<void>((resolve) => (blocked = resolve))
    native.onExchange = (_, aborted) => {
      blocked()
      return aborted
    }
    void coordinator.give(epoch())
    await inExchange
    const before = performance.now()
    act()
    await assert.rejects(ended, { kind: 'transient', code: 'coordinator-lost', message: new RegExp(coordinator.address) })
    assert.ok(performance.now() - before < 6000)
    assert.ok(native.calls.includes('collective closed'), 'the exchange was woken')
  })
}

test('an engine that never returns does not hold the worker', async () => {
  const ended = start()
  await prepared()
  native.onExchange = () => new Promise(() => {})
  void coordinator.give(epoch())
  await sleep(100)
  coordinator.heartbeatReply = 'unknown'
  await assert.rejects(ended, { kind: 'refused', code: 'member-unknown' })
  assert.ok(!native.calls.includes('trainer closed'), 'nothing is freed under a running call')
})

test('asked to leave, a worker says goodbye', async () => {
  const ended = start()
  await coordinator.give({ checkFiles: { paths: [] } })
  stop.abort()
  await assert.rejects(ended, { code: 'interrupted' })
  assert.deepEqual(
    coordinator.leaves.map(({ failure }) => failure),
    [null],
  )
})

test('a refused join is final, a coordinator that is not there is waited for', async () => {
  coordinator.refuseJoin = refusedError('version-mismatch', 'wanted 0.2.0, got 0.1.0')
  await assert.rejects(start(), { kind: 'refused', code: 'version-mismatch' })

  const { address } = coordinator
  coordinator.stop()
  await assert.rejects(start({ joinTimeoutMs: 300 }), { kind: 'transient', code: 'coordinator-unreachable', message: new RegExp(address) })
  const ended = start()
  await sleep(300)
  coordinator = await startFakeCoordinator({ port: Number(address.split(':')[1]) })
  await coordinator.give({ finish: {} })
  await ended
})

test('clear text to another machine, a dead parent and a signal from before are refused at once', async () => {
  await assert.rejects(start({ coordinator: '10.9.8.7:1' }), { kind: 'config', code: 'insecure-address' })
  await assert.rejects(start({ parentPid: 1 }), { code: 'parent-gone' })
  stop.abort()
  await assert.rejects(start(), { code: 'interrupted' })
})
