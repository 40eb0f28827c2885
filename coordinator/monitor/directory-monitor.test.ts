/** A run directory shows what a watcher of the living run saw: compared with what the coordinator told in process. */
import assert from 'node:assert/strict'
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { joinWorkers, startRun, temporaryDirectory, testJob, wholeRun } from '../run-fixture.test-support.js'
import { directoryMonitor } from './directory-monitor.js'
import { connectMonitor, type Monitor, type WatchOptions } from './monitor-client.js'
import type { RunEvent } from './run-events.js'

const timeout = 30_000

async function watched(monitor: Monitor, options?: WatchOptions): Promise<RunEvent[]> {
  const events: RunEvent[] = []
  for await (const event of monitor.watch(options)) events.push(event)
  return events
}

test('a directory shows the run that wrote it: phases, steps, metrics, checkpoints, rejects, members', { timeout }, async (t) => {
  const directory = temporaryDirectory(t)
  const run = join(directory, 'run')
  const job = testJob(directory)
  const told: RunEvent[] = []
  const result = await wholeRun(t, job, run, { onEvent: (event) => told.push(event) })
  const monitor = directoryMonitor(run)

  const described = await monitor.describe()
  assert.deepEqual(
    [described.name, described.phase, described.step, described.epoch, described.epochs, described.lanes, described.batch, described.live],
    [job.name, 'done', result.step, 2, 2, 4, 16, false],
  )
  assert.deepEqual(described.ledger, result.ledger.at(-1))
  assert.equal(described.rejects, 3)
  assert.equal(described.rowsInEpoch, 240)
  assert.deepEqual(
    described.members.map(({ member, rank, firstLane, laneCount }) => [member, rank, firstLane, laneCount]),
    [
      ['w0', 0, 0, 2],
      ['w1', 1, 2, 2],
    ],
  )
  assert.deepEqual(described.checkpoints.at(-1)!.step, result.step)
  assert.ok(described.checkpoints.every(({ bytes, unixMs }) => bytes > 0 && unixMs >= described.startedUnixMs))
  assert.match(described.jobYaml, /epochs: 2/)

  const events = await watched(monitor)
  const steps = (of: RunEvent[]) => of.flatMap(({ step }) => (step == null ? [] : [[step.step, step.epoch, step.loss, step.examples]]))
  assert.deepEqual(steps(events), steps(told))
  const phases = (of: RunEvent[]) => of.flatMap(({ phase }) => phase ?? [])
  assert.deepEqual(phases(events), phases(told))
  const metrics = (of: RunEvent[]) => of.flatMap(({ metric }) => metric ?? [])
  assert.deepEqual(metrics(events), metrics(told))
  assert.ok(events.every(({ unixMs }, i) => unixMs >= (events[i - 1]?.unixMs ?? 0)))
  assert.deepEqual(
    events.flatMap(({ reject }) => (reject == null ? [] : [reject.line])),
    [150, 11, 290],
  )
  const few = await watched(monitor, { fromStep: 5, history: 4 })
  assert.ok([3, 4].includes(few.filter(({ kind }) => kind === 'step').length))
  assert.equal(few.findLast(({ step }) => step != null)!.step!.step, result.step)
  assert.deepEqual(await monitor.stop(), { accepted: false, reason: `wanted a run that a coordinator works on, got the directory ${run}` })

  // What was written since is read; a line that is half written waits.
  appendFileSync(join(run, 'metrics.jsonl'), '{"step":1000,"epoch":3,"loss":0.5,"examples":16}\n{"step":1001,')
  assert.equal((await monitor.describe()).step, 1000)
  // A directory that was cut is read anew.
  writeFileSync(join(run, 'metrics.jsonl'), '{"step":1,"epoch":1,"loss":0.5,"examples":16}\n')
  assert.equal((await monitor.describe()).step, 1)
  assert.throws(() => directoryMonitor(directory), { code: 'run-missing' })
})

test('how far a directory is read is what its coordinator said last; a resumed run has its past', { timeout }, async (t) => {
  const directory = temporaryDirectory(t)
  const run = join(directory, 'run')
  const job = testJob(directory, ['checkpoint.everySteps=3', 'train.epochs=3'])
  const told: RunEvent[] = []
  const first = await startRun(t, job, run, { onEvent: (event) => told.push(event) })
  const live = connectMonitor({ address: first.address })
  t.after(() => live.close())
  assert.deepEqual(JSON.parse(readFileSync(join(run, 'coordinator.json'), 'utf8')), {
    ...{ address: first.address, tls: false, pid: process.pid, host: hostname() },
  })
  await joinWorkers(t, first, job, () => ({ onStep: (step) => (step === 12 ? first.stop('enough') : undefined) }))
  await first.finished
  const last = await live.progress(16)
  await first.close()
  assert.ok(!existsSync(join(run, 'coordinator.json')))
  const monitor = directoryMonitor(run)
  assert.deepEqual(await monitor.progress(16), last)
  assert.ok(last.lanes.some(({ rowsDone, rows }) => rowsDone > 0 && rowsDone < rows))
  const before = await watched(monitor)

  const second = await startRun(t, job, run, { resume: true, onEvent: (event) => told.push(event) })
  const resumed = connectMonitor({ address: second.address })
  t.after(() => resumed.close())
  const { startedUnixMs, checkpoints, step, epoch, ledger } = await resumed.describe()
  assert.deepEqual({ step, epoch, ledger }, pick(await monitor.describe(), ['step', 'epoch', 'ledger']))
  assert.deepEqual(checkpoints.at(-1), (await monitor.describe()).checkpoints.at(-1))
  assert.equal(startedUnixMs, before[0]!.unixMs)
  const events: RunEvent[] = []
  const watching = (async () => {
    for await (const event of resumed.watch({ history: 10_000, stepsPerSecond: 10_000 })) events.push(event)
  })()
  await joinWorkers(t, second, job)
  const result = await second.finished
  await watching
  const steps = (of: RunEvent[]) => of.flatMap(({ step }) => (step == null ? [] : [[step.step, step.loss]]))
  assert.deepEqual(steps(events), steps(told))
  assert.equal(steps(events).length, result.step)
  const told2 = (kind: RunEvent['kind']) => told.filter((event) => event.kind === kind).map((event) => event[kind!])
  for (const kind of ['phase', 'checkpoint', 'metric', 'members'] as const)
    assert.deepEqual(
      events.filter((event) => event.kind === kind).map((event) => withoutAge(event[kind])),
      told2(kind).map(withoutAge),
      kind,
    )
  const timed = steps(await watched(directoryMonitor(run)))
  assert.deepEqual(timed, steps(told))
})

test('a run that listens everywhere is found by a name, as its workers find it; one without a past began when it is resumed', {
  timeout,
}, async (t) => {
  const directory = temporaryDirectory(t)
  const run = join(directory, 'run')
  const job = testJob(directory)
  const first = await startRun(t, job, run, { listen: '0.0.0.0:0', insecure: true })
  const { address } = JSON.parse(readFileSync(join(run, 'coordinator.json'), 'utf8')) as { address: string }
  assert.equal(address, first.address.replace('0.0.0.0', 'localhost'))
  await first.close()
  // What a coordinator leaves behind that is killed right after it began.
  writeFileSync(join(run, 'events.jsonl'), '')
  const beganMs = Date.now()
  const second = await startRun(t, job, run, { resume: true })
  const monitor = connectMonitor({ address: second.address })
  t.after(() => monitor.close())
  assert.ok((await monitor.describe()).startedUnixMs >= beganMs)
})

const pick = <T, K extends keyof T>(of: T, keys: K[]) => Object.fromEntries(keys.map((key) => [key, of[key]]))

/** Heartbeats go on between the event and its reading. */
const withoutAge = (value: unknown) => JSON.parse(JSON.stringify(value, (key, of) => (key === 'heartbeatAgeMs' ? 0 : of)))
