/** What people and programs see of a run: describe, watch, requests, health, reflection; and where the coordinator may listen. */
import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { credentials, loadPackageDefinition, makeGenericClientConstructor } from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'
import { service as healthService, protoPath } from 'grpc-health-check'
import { download, unary } from '../../common/rpc/call.js'
import type { RunDescription__Output } from '../../proto/generated/lossmith/v1/RunDescription.js'
import type { RunEvent__Output } from '../../proto/generated/lossmith/v1/RunEvent.js'
import { contracts } from '../../proto/load.js'
import { joinWorkers, startRun, temporaryDirectory, testJob } from '../run-fixture.test-support.js'
import { RunEvents } from './run-events.js'

const limits = { timeoutMs: 8000, what: 'test' }
const timeout = 20_000
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

function monitorAt(address: string) {
  const client = new contracts.lossmith.v1.Monitor(address, credentials.createInsecure())
  return {
    client,
    describe: () => unary<RunDescription__Output>((o, done) => client.describe({}, o, done), limits),
    watch: (fromStep: number, history: number) =>
      download<RunEvent__Output>((o) => client.watch({ fromStep, history, stepsPerSecond: 1000 }, o), limits),
  }
}

test('describe, watch from the start and from the middle, checkpoint now, stop', { timeout }, async (t) => {
  const directory = temporaryDirectory(t)
  const job = testJob(directory, ['checkpoint.everySteps=0', 'train.epochs=50'])
  const coordinator = await startRun(t, job, join(directory, 'run'))
  const monitor = monitorAt(coordinator.address)
  t.after(() => monitor.client.close())
  assert.equal((await monitor.describe()).phase, 'joining')
  const early = await unary<{ accepted: boolean; reason: string }>((o, done) => monitor.client.checkpointNow({}, o, done), limits)
  assert.deepEqual([early.accepted, early.reason], [false, 'wanted a run that trains, got one in phase joining'])

  const events: RunEvent__Output[] = []
  const watching = (async () => {
    for await (const event of monitor.watch(0, 0)) events.push(event)
  })()
  await joinWorkers(t, coordinator, job, () => ({ onStep: () => sleep(5) }))
  while (!events.some(({ step }) => (step?.step ?? 0) >= 8)) await sleep(10)
  const described = await monitor.describe()
  assert.equal(described.epochs, 50)
  assert.deepEqual([described.lanes, described.batch, described.live, described.paused, described.candidates], [4, 16, true, false, []])
  assert.ok(described.startedUnixMs <= Date.now() && described.startedUnixMs > Date.now() - timeout)
  assert.deepEqual(
    described.members.map(({ member, rank, firstLane, laneCount, host }) => [member, rank, firstLane, laneCount, host]),
    [
      ['w0', 0, 0, 2, 'sim'],
      ['w1', 1, 2, 2, 'sim'],
    ],
  )
  assert.ok(described.ledger!.read >= 8 * 16 && described.rowsInEpoch === 240)
  assert.match(described.jobYaml, /epochs: 50/)

  // A late watcher gets thinned history, and the newest step of it.
  let late = 0
  for await (const { step, kind } of monitor.watch(3, 4)) {
    if (kind === 'step' && ++late) assert.ok(step!.step >= 3)
    if (late > 6) break
  }
  // Between two epochs a run saves and evaluates, and says so.
  const checkpointNow = () => unary<{ accepted: boolean }>((o, done) => monitor.client.checkpointNow({}, o, done), limits)
  while (!(await checkpointNow()).accepted) await sleep(10)
  while (!events.some(({ checkpoint }) => checkpoint != null)) await sleep(10)
  const saved = (await monitor.describe()).checkpoints
  assert.ok(saved.length > 0 && saved.every(({ name, step, bytes }) => name === `step-${String(step).padStart(8, '0')}` && bytes > 0))
  const { checkpoint } = events.find(({ checkpoint }) => checkpoint != null)!
  assert.deepEqual(saved[0], checkpoint)
  const rejects = events.flatMap(({ reject }) => reject ?? [])
  assert.deepEqual(
    [...new Set(rejects.map(({ line }) => line))].sort((a, b) => a - b),
    [11, 150],
  )
  assert.match(rejects[0]!.reason, /wanted a label 0 or 1/)
  await unary((o, done) => monitor.client.stop({ reason: 'enough' }, o, done), limits)
  const result = await coordinator.finished
  assert.equal(result.status, 'stopped')
  await watching
  const steps = events.flatMap(({ step }) => step?.step ?? [])
  assert.deepEqual(
    steps,
    Array.from({ length: result.step }, (_, i) => i + 1),
  )
  assert.equal(events.at(-1)!.phase!.phase, 'done')
  const { step } = events.find((event) => event.step?.step === 2)!
  assert.deepEqual(
    step!.ranks.map(({ rank, totalMs }) => [rank, totalMs]),
    [
      [0, 10],
      [1, 10],
    ],
  )
})

test('history is bounded: steps thin out, the newest stays, other events keep their order', () => {
  const events = new RunEvents()
  for (let step = 1; step <= 50_000; step++) {
    events.emit({
      step: {
        step,
        epoch: 1,
        loss: 1,
        examples: 1,
        examplesPerSecond: 1,
        rowsDone: step,
        ranks: [],
        weights: [],
        losses: [],
        validationLoss: 0,
        validationExamples: 0,
      },
    })
    if (step % 10 === 0) events.log('info', String(step))
  }
  const all = events.history(0, 1_000_000)
  assert.ok(all.length <= 4096 + 1000)
  const thinned = events.history(20_000, 100).flatMap(({ step }) => step?.step ?? [])
  assert.ok(thinned.length > 40 && thinned.length <= 100 && thinned[0]! >= 20_000)
  assert.ok(thinned.at(-1)! > 49_900)
})

test('the time of a step counts all of them, also where the controller learns in every fourth and history keeps others', () => {
  const events = new RunEvents()
  assert.ok(Number.isNaN(events.stepMs))
  for (let step = 1; step <= 16_384; step++) {
    const learns = step % 4 === 0
    const times = { computeMs: 1, exchangeMs: 0, updateMs: 0, readMs: 0, searchMs: 0, totalMs: learns ? 5 : 1, controllerWaitMs: learns ? 1 : 0 }
    const ranks = [0, 1].map((rank) => ({ rank, ...times }))
    const counts = { epoch: 1, loss: 1, examples: 2, examplesPerSecond: 1, rowsDone: step, validationLoss: 0, validationExamples: 0 }
    events.emit({ step: { step, ...counts, ranks, weights: [], losses: [] } })
  }
  assert.equal(events.stepMs, 2)
  assert.equal(events.controllerWaitShare, 1 / 8)
})

test('pictures of the controller thin out, all fields of a step together; the first and the newest stay', () => {
  const events = new RunEvents()
  for (let step = 0; step <= 1000; step++)
    for (const field of ['', 'slice']) events.emit({ surface: { step, version: step, field, candidates: ['bce'], probabilities: [0.5], rows: [] } })
  const kept = events.history(0, 10).flatMap(({ surface }) => surface ?? [])
  const steps = [...new Set(kept.map(({ step }) => step))]
  assert.ok(steps.length > 30 && steps.length <= 65, `${steps.length}`)
  assert.deepEqual([steps[0], steps.at(-1)], [0, 1000])
  assert.deepEqual(
    kept.map(({ step, field }) => [step, field]),
    steps.flatMap((step) => [
      [step, ''],
      [step, 'slice'],
    ]),
  )
  assert.ok(events.history(900, 10).every(({ surface }) => surface!.step >= 900))
})

test('health and reflection answer', { timeout }, async (t) => {
  const directory = temporaryDirectory(t)
  const coordinator = await startRun(t, testJob(directory), join(directory, 'run'))
  const Health = makeGenericClientConstructor(healthService, 'Health')
  const health = new Health(coordinator.address, credentials.createInsecure())
  t.after(() => health.close())
  const check = (service: string) => unary<{ status: string }>((o, done) => health.check!({ service }, o, done), limits)
  assert.equal((await check('lossmith.v1.Training')).status, 'SERVING')

  const path = join(import.meta.dirname, '../../../node_modules/@grpc/reflection/build/proto/grpc/reflection/v1/reflection.proto')
  const reflection = (
    loadPackageDefinition(loadSync(path)) as never as {
      grpc: { reflection: { v1: { ServerReflection: ReturnType<typeof makeGenericClientConstructor> } } }
    }
  ).grpc.reflection.v1.ServerReflection
  const client = new reflection(coordinator.address, credentials.createInsecure())
  t.after(() => client.close())
  const names = await new Promise<string[]>((resolve, reject) => {
    const call = client.serverReflectionInfo!({ deadline: Date.now() + 5000 })
    call.on('data', (reply: { listServicesResponse: { service: { name: string }[] } }) =>
      resolve(reply.listServicesResponse.service.map(({ name }) => name)),
    )
    call.on('error', reject)
    call.write({ listServices: '*' })
  })
  for (const name of ['lossmith.v1.Training', 'lossmith.v1.Monitor']) assert.ok(names.includes(name), String(names))
  assert.ok(protoPath.length > 0)
})

test('a port in use, an address beyond loopback, nonsense: refused before anything is written', { timeout }, async (t) => {
  const directory = temporaryDirectory(t)
  const job = testJob(directory)
  const taken = createServer()
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
  t.after(() => taken.close())
  const { port } = taken.address() as { port: number }
  const start = (listen: string, insecure = false) => startRun(t, job, join(directory, 'run'), { listen, insecure })
  await assert.rejects(start(`127.0.0.1:${port}`), { kind: 'config', code: 'port-in-use', message: new RegExp(`127\\.0\\.0\\.1:${port}`) })
  await assert.rejects(start('0.0.0.0:0'), { kind: 'config', code: 'insecure-address' })
  await assert.rejects(start('somewhere'), { kind: 'config', code: 'address-invalid' })
  const open = await start('0.0.0.0:0', true)
  assert.match(open.address, /^0\.0\.0\.0:\d+$/)
})
