/** The estimate of a DeepFM against sums by hand, and the refusal of a run that does not fit, before any worker prepares. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { buildTrainingPlan } from '../model/build-plan.js'
import { bceAlone } from '../model/losses/bce.js'
import type { Prepare__Output as Prepare } from '../proto/generated/lossmith/v1/Prepare.js'
import type { RunEvent__Output as RunEvent } from '../proto/generated/lossmith/v1/RunEvent.js'
import { estimateMemory, totalOf } from './estimate-memory.js'
import { joinWorkers, startRun, temporaryDirectory, testJob, testParts, testPlan } from './run-fixture.test-support.js'

const plan = buildTrainingPlan({
  model: { kind: 'deepfm', embedding: 4, hidden: [8], dropout: 0 },
  loss: bceAlone,
  optimizer: { kind: 'adam', rate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 },
  sizes: { fields: 3, numbers: 2, rows: 1000 },
  laneBatch: 16,
})
const share = { device: 'cpu' as const, lanes: 8, laneCount: 4, laneBatch: 16, threads: 2, world: 2, shuffleRows: 100 }

test('parts of a DeepFM: weights, m and v; gradients of own lanes; sums over all of them', () => {
  const { host, gpu } = estimateMemory(plan, share)
  const dense = 4 * plan.parameters.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0)
  // Tables of embeddings (width 4) and of weights (width 1), each looked up once for each of 3 fields.
  const rows = (examples: number) => Math.min(1000, 3 * examples) * (8 + 16) + Math.min(1000, 3 * examples) * (8 + 4)
  assert.deepEqual(plan.tables.map(({ width }) => width).toSorted(), [1, 4])
  assert.equal(host.tables, 3 * 1000 * (4 + 1) * 4)
  assert.equal(host.parameters, 3 * dense)
  assert.equal(host.gradients, 4 * (dense + rows(16)))
  assert.equal(host.exchange, 2 * (dense + rows(128)))
  assert.equal(host.programs, 2 * (plan.train.arenaBytes + plan.predict.arenaBytes))
  assert.equal(host.input, 4 * (2 * 100 + 4 * 16) * (3 * 8 + 3 * 4))
  assert.equal(totalOf(gpu), 0)
})

test('on a GPU the state lies there, and the host keeps the input', () => {
  const { host, gpu } = estimateMemory(plan, { ...share, device: 'cuda', world: 1 })
  const onCpu = estimateMemory(plan, { ...share, world: 1 }).host
  assert.deepEqual([gpu.tables, gpu.parameters], [onCpu.tables, onCpu.parameters])
  // One group of a lane's ids, and rows of both tables of all four lanes, which are added.
  assert.equal(gpu.gradients, onCpu.gradients + 3 * 16 * 56 + 4 * 2 * 3 * 16 * 68)
  assert.deepEqual([host.tables, host.parameters, host.exchange], [0, 0, 0])
  assert.ok(host.input > onCpu.input && gpu.input > 0 && gpu.process > 0)
})

const bytesOfTables = 3 * 7 * 3 * 4
const gpu = (uuid: string, memoryBytes: number) => ({ ordinal: 0, name: 'H200', uuid, gpuClass: 'cuda sm_90', memoryBytes })

async function started(t: Parameters<typeof startRun>[0], set: string[], request: object, parts = testParts) {
  const directory = temporaryDirectory(t)
  const job = testJob(directory, set)
  const events: RunEvent[] = []
  const prepares: Prepare[] = []
  const coordinator = await startRun(t, job, `${directory}/run`, { onEvent: (event) => events.push(event) }, parts)
  const onTask = ({ prepare }: { prepare?: Prepare | null | undefined }) => prepare && prepares.push(prepare)
  await joinWorkers(t, coordinator, job, () => ({ request, onTask }))
  const logs = () => events.flatMap(({ log }) => (log ? [log.message] : []))
  return { coordinator, logs, prepares }
}

test('a run says what it wants, and tells each worker its device', { timeout: 15_000 }, async (t) => {
  const request = { device: 'auto', gpus: [gpu('a', 2 ** 37)], memoryBytes: 2 ** 34 }
  const { coordinator, logs, prepares } = await started(t, ['train.precision=bf16'], request)
  assert.equal((await coordinator.finished).status, 'done')
  assert.match(logs().join('\n'), /computing on H200 \(GPU 0 of sim\): w0, w1/)
  assert.match(logs().join('\n'), /memory, estimated: 2 workers on H200 of sim: 1\.\d\d GiB \(process 1\.37.*\), it has 128\.00 GiB/)
  assert.match(logs().join('\n'), /memory, estimated: 2 workers on sim: 0\.\d\d GiB \(.*\), free are 16\.00 GiB/)
  const devices = prepares.map(({ device, gpu, precision, exchange }) => [device, gpu, precision, exchange])
  assert.deepEqual(
    devices,
    [0, 1].map(() => ['cuda', 0, 'bf16', 'tree']),
  )
})

test('too little memory of a machine or of a GPU ends the run before workers prepare, with numbers and the key to change', {
  timeout: 15_000,
}, async (t) => {
  const large = { ...testPlan, tables: [{ ...testPlan.tables[0]!, rows: 1e9 }] }
  const parts = { ...testParts, buildPlan: async () => large }
  const fails = async (set: string[], request: object, message: RegExp) => {
    const { coordinator, prepares } = await started(t, set, request, parts)
    await assert.rejects(coordinator.finished, { kind: 'config', code: 'memory-too-small', message })
    assert.equal(prepares.length, 0)
  }
  // Adam: 36 bytes a row, of each worker.
  const tables = ((2 * 1e9 * bytesOfTables) / 7 / 2 ** 30).toFixed(2)
  const host = new RegExp(
    `2 workers on sim: .* GiB \\(tables ${tables}\\).*free are 32\\.00 GiB; lower features\\.rows \\(now 1048576\\) or model\\.embedding, or put`,
  )
  await fails([], { memoryBytes: 2 ** 35 }, host)
  const onGpu = new RegExp(
    `2 workers on H200 of sim: .*tables ${tables}.*it has 32\\.00 GiB; lower features\\.rows .*, or give each worker a GPU of its own`,
  )
  await fails([], { device: 'auto', gpus: [gpu('a', 2 ** 35)], memoryBytes: 2 ** 40 }, onGpu)
})
