/** A run that is stopped in the middle and goes on, on another number of workers, ends as if nothing had happened: byte for byte. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
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

test('a run that is done has nothing left to train', async () => {
  const before = checkpointsOf(reference)
  await resume(reference, 1)
  assert.deepEqual(checkpointsOf(reference), before)
})
