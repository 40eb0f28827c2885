/** Real runs that are paused, resumed and have lanes moved, by `lossmith control` and through the Monitor service: not a byte of what they write changes. */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { connectMonitor, type Monitor, type RunDescription } from '../coordinator/monitor/monitor-client.js'
import { checkpointsOf, sameCheckpoint, sameRecords } from './support/checkpoints.js'
import { reachedStep, startCluster } from './support/cluster.js'
import { Processes } from './support/processes.js'
import { spoilLog, writeJob, writeLog } from './support/small-job.js'

const processes = new Processes()
let folder: string
let log: string

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'lossmith-control-'))
  log = spoilLog(await writeLog(folder, 8009))
})
afterEach(() => processes.allGone())
after(() => rmSync(folder, { recursive: true }))

async function undisturbed(job: string): Promise<string> {
  const run = `${job}-undisturbed`
  const { code, stderr } = await processes.start(['train', job, '--run', run, '--workers', '1', '--threads', '1', '--quiet']).ended
  assert.equal(code, 0, stderr)
  return run
}

/** All that the reference has; a pause leaves checkpoints of its own. */
function sameRun(run: string, reference: string): void {
  assert.ok(checkpointsOf(reference).length >= 3)
  for (const name of checkpointsOf(reference)) sameCheckpoint(run, reference, name)
  sameRecords(run, reference)
}

async function until(monitor: Monitor, what: string, holds: (run: RunDescription) => boolean): Promise<RunDescription> {
  for (let waitedMs = 0; waitedMs < 60_000; waitedMs += 20) {
    const run = await monitor.describe()
    if (holds(run)) return run
    await sleep(20)
  }
  throw new Error(`wanted ${what} within 60 s`)
}
const paused = (generation: number) => (run: RunDescription) => run.phase === 'paused' && run.generation === generation
const lanesOf = ({ members }: RunDescription) => members.map(({ firstLane, laneCount }) => [firstLane, laneCount])

test('paused, its lanes moved while it stands and while it goes, a run of two workers ends with the same bytes', async (t) => {
  const job = writeJob(folder, log, { train: { epochs: 3 } }, 'two')
  const reference = await undisturbed(job)
  const run = join(folder, 'run')
  const { address, coordinator, workers } = await startCluster(processes, [job, '--run', run], 2)
  const monitor = connectMonitor({ address })
  t.after(() => monitor.close())
  const control = (...words: string[]) => processes.start(['control', address, ...words]).ended

  await reachedStep(address, 30)
  await monitor.pause('lunch')
  const { step } = await until(monitor, 'a pause', paused(1))
  assert.equal(checkpointsOf(run).at(-1), `step-${String(step).padStart(8, '0')}`)
  const moved = await control('move', '--from', 'worker-1', '--to', 'worker-2', '--lanes', '3', '--json')
  assert.equal(moved.code, 0, moved.stderr)
  assert.deepEqual(JSON.parse(moved.stdout), { ok: true, request: 'move', accepted: true })
  assert.deepEqual(lanesOf(await until(monitor, 'generation 2', paused(2))), [
    [0, 1],
    [1, 7],
  ])

  const again = await control('pause', '--reason', 'dinner')
  assert.deepEqual([again.code, again.stdout], [3, ''])
  assert.match(again.stderr, /refuses to pause: wanted a run that is not paused, got one that is: lunch \[request-refused\]\n$/)
  const tooMany = await control('move', '--from', 'worker-2', '--to', 'worker-1', '--lanes', '7', '--json')
  assert.equal(tooMany.code, 3)
  assert.match(JSON.parse(tooMany.stdout).error.message, /wanted to move at most 6 of the 7 lanes of worker-2, which keeps one, got 7$/)
  assert.equal((await control('checkpoint')).code, 0)
  assert.equal((await monitor.describe()).step, step, 'nothing is trained while it is paused')

  assert.deepEqual(await monitor.resume(), { accepted: true, reason: '' })
  await reachedStep(address, step + 20)
  assert.deepEqual(await monitor.moveLanes('worker-2', 'worker-1', 5), { accepted: true, reason: '' })
  assert.deepEqual(await monitor.pause('dinner'), { accepted: true, reason: '' })
  const third = await until(monitor, 'generation 3', paused(3))
  assert.ok(third.step > step)
  assert.deepEqual(lanesOf(third), [
    [0, 6],
    [6, 2],
  ])
  const resumed = await control('resume')
  assert.deepEqual([resumed.code, resumed.stdout], [0, 'the run goes on\n'])

  const { code, stderr } = await coordinator.ended
  assert.equal(code, 0, stderr)
  for (const worker of workers) assert.equal((await worker.ended).code, 0)
  assert.match(stderr, /"phase":"paused","detail":"lunch"/)
  sameRun(run, reference)
})

test('losses are searched on three workers: paused, moved, interrupted; two workers go on to the same bytes', async (t) => {
  const changes = {
    loss: { search: ['bce', 'focal', 'hinge'], controller: { inputs: ['y', 'p', 'field:C1'], warmupSteps: 3, period: 2, gumbel: true } },
    data: { split: { by: 'fraction', validation: 0.1, test: 0.1 } },
    checkpoint: { everySteps: 20 },
  }
  const job = writeJob(folder, log, changes, 'search')
  const reference = await undisturbed(job)
  const run = join(folder, 'searched')
  const { address, coordinator, workers } = await startCluster(processes, [job, '--run', run], 3)
  const monitor = connectMonitor({ address })
  t.after(() => monitor.close())
  await reachedStep(address, 15)
  await monitor.moveLanes('worker-3', 'worker-1', 1)
  await monitor.moveLanes('worker-1', 'worker-2', 3)
  await until(monitor, 'generation 2', ({ generation }) => generation >= 2)
  await reachedStep(address, 30)
  await monitor.pause()
  const { step } = await until(monitor, 'a pause', ({ phase }) => phase === 'paused')
  coordinator.kill('SIGINT')
  const { code, stdout, stderr } = await coordinator.ended
  assert.equal(code, 130, stderr)
  assert.equal(JSON.parse(stdout).step, step)
  for (const worker of workers) assert.equal((await worker.ended).code, 0)

  const words = ['train', '--resume', run, '--workers', '2', '--threads', '1', '--quiet']
  assert.equal((await processes.start(words).ended).code, 0)
  sameRun(run, reference)
  const events = readFileSync(join(run, 'events.jsonl'), 'utf8').trimEnd().split('\n')
  const members = events.flatMap((line) => (JSON.parse(line) as { members?: { members: { laneCount: number }[] } }).members ?? [])
  const last = members.at(-1)!.members
  assert.deepEqual(
    last.map(({ laneCount }) => laneCount),
    [4, 4],
  )
})

test('a worker that is killed while the run is paused ends it, by name', async (t) => {
  const job = writeJob(folder, log, { train: { epochs: 50 }, cluster: { heartbeatMs: 200, lostAfterMs: 2000 } }, 'killed')
  const { address, coordinator, workers } = await startCluster(processes, [job, '--run', join(folder, 'killed')], 2)
  const monitor = connectMonitor({ address })
  t.after(() => monitor.close())
  await reachedStep(address, 5)
  await monitor.pause()
  await until(monitor, 'a pause', paused(1))
  workers[1]!.kill('SIGKILL')
  const { code, stderr } = await coordinator.ended
  assert.equal(code, 3)
  assert.match(stderr, /worker worker-2 \(.*rank 1\) was lost: not heard of for .*; the last checkpoint is step-\d+ \[worker-lost\]\n/)
  assert.equal((await workers[0]!.ended).code, 3)
})
