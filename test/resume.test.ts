/** A run that is stopped in the middle and goes on, on another number of workers, ends as if nothing had happened: byte for byte. */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, test } from 'node:test'
import { checkpointsOf, sameCheckpoint, sameRecords } from './support/checkpoints.js'
import { reachedStep, startCluster } from './support/cluster.js'
import { Processes } from './support/processes.js'
import { spoilLog, writeJob, writeLog } from './support/small-job.js'

const processes = new Processes()
let folder: string
let job: string
let reference: string

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'lossmith-resume-'))
  job = writeJob(folder, spoilLog(await writeLog(folder, 12_011)), { train: { epochs: 2 }, checkpoint: { everySteps: 0 } })
  reference = join(folder, 'reference')
  const { code, stderr } = await processes.start(['train', job, '--run', reference, '--workers', '2', '--threads', '1', '--quiet']).ended
  assert.equal(code, 0, stderr)
})
afterEach(() => processes.allGone())
after(() => rmSync(folder, { recursive: true }))

async function resume(run: string, workers: number): Promise<void> {
  const { code, stderr } = await processes.start(['train', '--resume', run, '--workers', String(workers), '--threads', '1', '--quiet']).ended
  assert.equal(code, 0, stderr)
}
const last = () => checkpointsOf(reference).at(-1)!
const stepOf = (checkpoint: string) => Number(checkpoint.slice('step-'.length))

test('Ctrl-C in the middle of an epoch: a checkpoint, everybody ends, and three workers go on to the same end', async () => {
  const run = join(folder, 'stopped')
  const { coordinator, workers, address } = await startCluster(processes, [job, '--run', run], 2)
  const { step } = await reachedStep(address, 20)
  coordinator.kill('SIGINT')
  const ended = await coordinator.ended
  assert.equal(ended.code, 130, ended.stderr)
  for (const worker of workers) assert.equal((await worker.ended).code, 0, 'a run that was stopped finishes its workers')
  const [name, ...others] = checkpointsOf(run)
  assert.deepEqual(others, [])
  assert.ok(stepOf(name!) >= step && stepOf(name!) < stepOf(last()), `${name} lies in the middle`)

  await resume(run, 3)
  sameCheckpoint(run, reference, last())
  sameRecords(run, reference)
})

test('stopped and resumed again and again, on 1, 4 and 2 workers', async () => {
  const run = join(folder, 'again')
  let steps = 0
  for (const [i, workers] of [1, 4].entries()) {
    const words = i === 0 ? [job, '--run', run] : ['--resume', run]
    const { coordinator, address, ...cluster } = await startCluster(processes, words, workers)
    await reachedStep(address, steps + 30)
    coordinator.kill('SIGTERM')
    assert.equal((await coordinator.ended).code, 143)
    for (const worker of cluster.workers) await worker.ended
    steps = stepOf(checkpointsOf(run).at(-1)!)
  }
  await resume(run, 2)
  sameCheckpoint(run, reference, last())
  sameRecords(run, reference)
})

test('a job with counts, moments and several files ends at maxSteps in the middle of an epoch; with more steps it goes on to the same end', async () => {
  const logs = [await writeLog(folder, 2003, 'a.tsv'), spoilLog(await writeLog(folder, 3001, 'b.tsv.gz'))]
  const changes = {
    data: { train: logs, split: { by: 'fraction', validation: 0.1, test: 0.1 } },
    features: { numbers: 'normalised', minCount: 3 },
    checkpoint: { everySteps: 7, keep: 2 },
  }
  const words = ['--workers', '2', '--threads', '1', '--quiet']
  const counted = writeJob(folder, logs[0]!, changes, 'counted')
  const whole = join(folder, 'counted-whole')
  assert.equal((await processes.start(['train', counted, '--run', whole, ...words]).ended).code, 0)
  const run = join(folder, 'counted-cut')
  assert.equal((await processes.start(['train', counted, '--run', run, '--set', 'train.maxSteps=17', ...words]).ended).code, 0)
  assert.deepEqual(checkpointsOf(run), ['step-00000014', 'step-00000017'])

  const file = join(run, 'job.yaml')
  writeFileSync(file, readFileSync(file, 'utf8').replace('maxSteps: 17', 'maxSteps: 0'))
  await resume(run, 3)
  for (const name of checkpointsOf(whole)) sameCheckpoint(run, whole, name)
  sameRecords(run, whole)
})

test('a search goes on with its controller, its validation examples and its pictures, on another number of workers', async () => {
  const changes = {
    loss: { search: ['bce', 'focal', 'kl'], controller: { warmupSteps: 4, period: 3 } },
    train: { epochs: 2 },
    checkpoint: { everySteps: 9 },
  }
  const words = ['--workers', '2', '--threads', '1', '--quiet']
  const searching = writeJob(folder, await writeLog(folder, 3001, 'searched.tsv'), changes, 'searching')
  const whole = join(folder, 'searching-whole')
  const { code, stderr } = await processes.start(['train', searching, '--run', whole, ...words]).ended
  assert.equal(code, 0, stderr)
  const run = join(folder, 'searching-cut')
  // Between two steps that teach the controller; then 29, in the second epoch, which begins at step 22.
  assert.equal((await processes.start(['train', searching, '--run', run, '--set', 'train.maxSteps=10', ...words]).ended).code, 0)
  const file = join(run, 'job.yaml')
  for (const [steps, workers] of [
    [29, 3],
    [0, 1],
  ] as const) {
    writeFileSync(file, readFileSync(file, 'utf8').replace(/maxSteps: \d+/, `maxSteps: ${steps}`))
    await resume(run, workers)
  }
  sameCheckpoint(run, whole, checkpointsOf(whole).at(-1)!)
  sameRecords(run, whole)
})

test('a run that is done has nothing left to train', async () => {
  const before = checkpointsOf(reference)
  await resume(reference, 1)
  assert.deepEqual(checkpointsOf(reference), before)
})
