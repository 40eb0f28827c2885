/**
 * Processes that die or stop, with the default heartbeats: within ten seconds the run is over everywhere, the error names who was lost,
 * and the run resumes to the byte-identical end.
 */
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, test } from 'node:test'
import { checkpointsOf, sameCheckpoint, sameRecords } from './support/checkpoints.js'
import { type Cluster, reachedStep, startCluster } from './support/cluster.js'
import { Processes } from './support/processes.js'
import { spoilLog, writeJob, writeLog } from './support/small-job.js'

const processes = new Processes()
const withinMs = 10_000
let folder: string
let job: string
let reference: string

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'lossmith-failures-'))
  const log = spoilLog(await writeLog(folder, 20_011))
  // Losses are searched in every step: there is always one more thing to wait for when somebody dies.
  const loss = { search: ['bce', 'focal'], controller: { warmupSteps: 5, hidden: [8] } }
  job = writeJob(folder, log, { loss, train: { epochs: 2 }, checkpoint: { everySteps: 40, keep: 2 } })
  reference = join(folder, 'reference')
  const { code, stderr } = await processes.start(['train', job, '--run', reference, '--workers', '2', '--threads', '1', '--quiet']).ended
  assert.equal(code, 0, stderr)
})
afterEach(() => processes.allGone())
after(() => rmSync(folder, { recursive: true }))

/** Trains past the first checkpoint, does `act`, and waits for the end of all processes but those in `dead`. */
async function disturb(name: string, act: (cluster: Cluster) => void) {
  const run = join(folder, name)
  const cluster = await startCluster(processes, [job, '--run', run], 3)
  await reachedStep(cluster.address, 45)
  const at = performance.now()
  act(cluster)
  return { run, at, ...cluster }
}

async function resumesToTheEnd(run: string, workers: number): Promise<void> {
  const { code, stderr } = await processes.start(['train', '--resume', run, '--workers', String(workers), '--threads', '1', '--quiet']).ended
  assert.equal(code, 0, stderr)
  sameCheckpoint(run, reference, checkpointsOf(reference).at(-1)!)
  sameRecords(run, reference)
}

test('kill -9 of a worker ends the run with its name', async () => {
  const { run, at, coordinator, workers } = await disturb('killed', ({ workers }) => workers[1]!.kill('SIGKILL'))
  const ended = await coordinator.ended
  assert.equal(ended.code, 3, ended.stderr)
  assert.match(ended.stderr, /worker worker-2 .*was lost.*\[worker-lost\]/)
  for (const worker of [workers[0]!, workers[2]!]) {
    const { code, stderr, at: gone } = await worker.ended
    assert.equal(code, 3, stderr)
    assert.match(stderr, /worker-2/)
    assert.ok(gone - at < withinMs)
  }
  assert.ok(ended.at - at < withinMs)
  await resumesToTheEnd(run, 2)
})

test('a stopped worker (SIGSTOP) ends the run with its name; continued, it goes too', async () => {
  const { run, at, coordinator, workers } = await disturb('paused', ({ workers }) => workers[2]!.kill('SIGSTOP'))
  const ended = await coordinator.ended
  assert.equal(ended.code, 3, ended.stderr)
  assert.match(ended.stderr, /worker worker-3 .*was lost.*\[worker-lost\]/)
  for (const worker of workers.slice(0, 2)) {
    const { code, stderr, at: gone } = await worker.ended
    assert.equal(code, 3, stderr)
    assert.match(stderr, /worker-3/)
    assert.ok(gone - at < withinMs)
  }
  assert.ok(ended.at - at < withinMs)
  workers[2]!.kill('SIGCONT')
  assert.equal((await workers[2]!.ended).code, 3)
  await resumesToTheEnd(run, 3)
})

test('kill -9 of the coordinator: workers end with a code and its address', async () => {
  const { run, at, address, workers } = await disturb('headless', ({ coordinator }) => coordinator.kill('SIGKILL'))
  for (const worker of workers) {
    const { code, stderr, at: gone } = await worker.ended
    assert.equal(code, 3, stderr)
    assert.ok(stderr.includes(address) && stderr.includes('[coordinator-lost]'), stderr)
    assert.ok(gone - at < withinMs)
  }
  await resumesToTheEnd(run, 4)
})

test('kill -9 of `train` takes its workers along', async () => {
  const run = join(folder, 'train')
  const train = processes.start(['train', job, '--run', run, '--workers', '2', '--threads', '1', '--json'])
  const [, address] = await train.says(/"address":"([^"]+)"/)
  await reachedStep(address!, 25)
  train.kill('SIGKILL')
  await train.ended
  await processes.allGone(2000)
})

test('a worker that leaves ends the run', async () => {
  const { at, coordinator, workers } = await disturb('left', ({ workers }) => workers[0]!.kill('SIGTERM'))
  const ended = await coordinator.ended
  assert.match(ended.stderr, /worker worker-1 .*\[worker-lost\]/)
  assert.equal(ended.code, 3)
  for (const worker of workers) assert.equal((await worker.ended).code, 3)
  assert.ok(performance.now() - at < withinMs)
})

test('a port in use is refused, and no run directory is left', async () => {
  const first = processes.start(['coordinator', job, '--run', join(folder, 'port-1'), '--listen', '127.0.0.1:0', '--json'])
  const [, address] = await first.says(/"address":"([^"]+)"/)
  const second = await processes.start(['coordinator', job, '--run', join(folder, 'port-2'), '--listen', address!]).ended
  assert.equal(second.code, 2, second.stderr)
  assert.ok(second.stderr.includes(address!))
  assert.ok(!existsSync(join(folder, 'port-2')))
  first.kill('SIGTERM')
  assert.equal((await first.ended).code, 143, 'stopped while it waited for workers')
})
