/** A worker whose losses are searched, before a coordinator that a test plays: the order of a step's calls, who waits for what, and how it ends. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { afterEach, beforeEach, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Task } from '../proto/generated/lossmith/v1/Task.js'
import type { TaskResult__Output } from '../proto/generated/lossmith/v1/TaskResult.js'
import { type FakeCoordinator, floatBytes, startFakeCoordinator } from './fake-coordinator.test.support.js'
import { createFakeNative, type FakeNative } from './fake-native.test.support.js'
import { runWorker } from './run-worker.js'

let coordinator: FakeCoordinator
let native: FakeNative
let stop: AbortController
let ended: Promise<void>

beforeEach(async () => {
  coordinator = await startFakeCoordinator()
  native = createFakeNative()
  native.batches = 1000
  stop = new AbortController()
  ended = runWorker(
    { coordinator: coordinator.address, threads: 2, device: { device: 'auto' }, bind: '', insecure: false, signal: stop.signal },
    native,
  )
  ended.catch(() => {})
})
afterEach(async () => {
  stop.abort()
  await ended.catch(() => {})
  coordinator.stop()
})

/** Learns in every second step after the second. */
const controller = { size: 2, period: 2, warmupSteps: 2, temperature: { start: 1, decay: 0.01, floor: 0.1 }, laneBatch: 4, search: {}, validate: {} }
const piece = { id: 9, block: { file: 0, offset: 0, bytes: 10, firstLine: 0, lines: 2 }, skip: 0, take: 2, split: 'train' }
const lanes = (cursor: object | null = null) => [0, 1].map((lane) => ({ lane, pieces: [piece], cursor }))

async function train(change: object, plan: object = {}): Promise<TaskResult__Output> {
  const bytes = Buffer.from(JSON.stringify({ parameters: [], tables: [], optimizer: {}, controller: { ...controller, ...plan } }))
  coordinator.artifacts.set('plan', bytes)
  const planSha256 = createHash('sha256').update(bytes).digest('hex')
  const source = { paths: ['a.tsv'], indexArtifacts: [], featuresJson: '{}', vocabularyArtifact: '' }
  const spec = { rank: 0, world: 1, lanes: 2, firstLane: 0, laneCount: 2, seed: 1, laneBatch: 4, source, planArtifact: 'plan', planSha256 }
  assert.equal((await coordinator.give({ prepare: spec })).failure, null)
  const state = { version: 7, step: 0, phi: floatBytes(0.25, 0.5) }
  const task: Task = { trainEpoch: { epoch: 1, firstStep: 1, lastStep: 5, lanes: lanes(), controller: state, validation: lanes(), ...change } }
  return coordinator.give(task)
}
const stepsOf = () => native.calls.slice(native.calls.findIndex((call) => call.startsWith('controller')))

test('a step that teaches: compute, validate, tangents, update; the answer is used from the next step on', async () => {
  const { train: result, failure } = await train({})
  assert.equal(failure, null)
  assert.deepEqual(stepsOf(), [
    ...['controller 7: 0.25,0.5', 'epoch 0 again and again'],
    ...['compute 1', 'update 1', 'compute 2', 'update 2', 'compute 3', 'update 3'],
    ...['compute 4 to search at 0.96', 'validate 4', 'tangents 4', 'update 4'],
    ...['controller 8: 4,2', 'compute 5', 'update 5'],
  ])
  assert.deepEqual(
    coordinator.controllerReports.map(({ step, version, lanes }) => [step, version, lanes.map(({ lane, examples }) => [lane, examples])]),
    [
      [
        4,
        7,
        [
          [0, 4],
          [1, 4],
        ],
      ],
    ],
  )
  assert.ok(coordinator.controllerReports[0]!.lanes[1]!.evidence.equals(floatBytes(4, 1, 0.5)))
  assert.deepEqual(
    coordinator.reports.map(({ validationSum, validationExamples }) => [validationSum, validationExamples]),
    [1, 2, 3, 4, 5].map((step) => (step === 4 ? [4, 8] : [0, 0])),
  )
  assert.deepEqual(
    result!.validation.map(({ lane, cursor }) => [lane, cursor?.line, cursor?.pass]),
    [
      [0, 4, 1],
      [1, 4, 1],
    ],
  )
})

test('the update goes on while the answer is awaited, the next compute does not; nor does the task complete without it', async () => {
  const asked = new Promise<void>((resolve) => {
    coordinator.answerController = () => {
      resolve()
      return undefined
    }
  })
  const done = train({ lastStep: 4 })
  await asked
  await sleep(100)
  assert.equal(native.calls.at(-1), 'update 4')
  assert.equal(coordinator.reports.at(-1)!.step, 4)
  assert.equal(await Promise.race([done, sleep(100, 'waits')]), 'waits')
  coordinator.sendController({ step: 4, version: 8, phi: floatBytes(1, 2) })
  assert.equal((await done).train?.reason, 'LAST_STEP')
})

test('a step before the first lesson leaves the cursors of validation as they came', async () => {
  const cursor = { piece: 2, offset: 70, line: 7, emitted: 1, exhausted: false, pass: 3 }
  const { train: result } = await train({ lastStep: 2, validation: lanes(cursor) })
  assert.deepEqual(
    result!.validation,
    [0, 1].map((lane) => ({ lane, cursor })),
  )
})

test('a frozen controller is used and asks nothing', async () => {
  const { failure } = await train({ validation: [] }, { search: null, validate: null })
  assert.equal(failure, null)
  assert.deepEqual(stepsOf(), ['controller 7: 0.25,0.5', ...[1, 2, 3, 4, 5].flatMap((n) => [`compute ${n}`, `update ${n}`])])
  assert.deepEqual(coordinator.controllerReports, [])
})

test('without a validation example, or with one whose loss is not finite, nothing is updated and the reason is said', async () => {
  native.validationExamples = 0
  const empty = (await train({})).failure
  assert.deepEqual([empty?.code, native.calls.includes('update 4')], ['no-validation-rows', false])
  assert.match(empty!.message, /step 4.*6 malformed lines/)
  native.validationExamples = 4
  native.validationNotFinite = [1]
  const infinite = (await train({ firstStep: 4 })).failure
  assert.match(infinite!.message, /wanted a finite validation loss and gradient, got NaN or infinity in lane 1/)
})

test('a step without training examples teaches nothing', async () => {
  native.batches = 4
  native.onExchange = async (sum) => {
    if (sum.exhausted) sum.examples = 0
  }
  const { train: result } = await train({ lastStep: 0 })
  assert.deepEqual([result?.reason, result?.step, coordinator.controllerReports.length], ['END_OF_EPOCH', 3, 0])
})

test('a worker that waits for the controller ends when it is told to, or when the stream breaks', async () => {
  coordinator.answerController = () => {
    coordinator.heartbeatReply = { stop: true, reason: 'worker w2 was lost' }
    return undefined
  }
  void train({})
  await assert.rejects(ended, { code: 'run-stopped', message: /w2 was lost/ })
})
