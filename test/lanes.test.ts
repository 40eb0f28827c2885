/** The promise of DESIGN.md §3: the number of workers and threads changes no bit of what is trained. What runs write is compared as files. */
import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { after, afterEach, before, test } from 'node:test'
import { checkpointsOf, hashes, sameCheckpoint, sameRecords } from './support/checkpoints.js'
import { Processes } from './support/processes.js'
import { spoilLog, writeJob, writeLog } from './support/small-job.js'

const processes = new Processes()
let folder: string
let job: string
let reference: string

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'lossmith-lanes-'))
  job = writeJob(folder, await writeLog(folder, 5003)) // rows that neither lanes nor batches divide: every epoch has uneven ends
  reference = await train(job, 1, 1)
})
afterEach(async () => {
  await processes.allGone()
  assert.deepEqual(readdirSync(processes.temporary), [], 'workers remove what they wrote for themselves')
})
after(() => rmSync(folder, { recursive: true }))

async function train(job: string, workers: number, threads: number, ...more: string[]): Promise<string> {
  const run = join(folder, `${basename(job, '.yaml')}-${workers}-${threads}${more.join('')}`)
  const { code, stderr } = await processes.start([
    'train',
    job,
    '--run',
    run,
    '--workers',
    String(workers),
    '--threads',
    String(threads),
    '--quiet',
    ...more,
  ]).ended
  assert.equal(code, 0, stderr)
  return run
}

test('a run is more than one checkpoint, over two epochs', () => {
  assert.ok(checkpointsOf(reference).length >= 3, checkpointsOf(reference).join())
})

for (const [workers, threads] of [
  [1, 2],
  [2, 1],
  [2, 2],
  [3, 1],
  [3, 2],
  [4, 1],
  [4, 2],
  [8, 1],
  [8, 2],
] as const) {
  test(`${workers} workers of ${threads} threads write the checkpoints of one worker of one thread`, async () => {
    const run = await train(job, workers, threads)
    assert.deepEqual(checkpointsOf(run), checkpointsOf(reference))
    for (const name of checkpointsOf(reference)) sameCheckpoint(run, reference, name)
    sameRecords(run, reference)
  })
}

test('so does a job that counts values, splits by draw, rejects lines and ends in the middle of an epoch', async () => {
  const changes = {
    data: { split: { by: 'fraction', validation: 0.1, test: 0.1 } },
    features: { numbers: 'normalised', minCount: 3 },
    model: { kind: 'fm' },
    optimizer: { kind: 'adagrad', rate: 0.05 },
    train: { batch: 96, lanes: 4, maxSteps: 45 },
  }
  const other = writeJob(folder, spoilLog(await writeLog(folder, 3001, 'log.tsv')), changes, 'other')
  const alone = await train(other, 1, 1)
  assert.deepEqual(checkpointsOf(alone).at(-1), 'step-00000045')
  const rejects = readFileSync(join(alone, 'rejects.tsv'), 'utf8')
  assert.ok(rejects.trimEnd().split('\n').length >= 4, rejects)
  const together = await train(other, 3, 2)
  assert.deepEqual(checkpointsOf(together), checkpointsOf(alone))
  for (const name of checkpointsOf(alone)) sameCheckpoint(together, alone, name)
  sameRecords(together, alone)
})

test('so does a job that searches its losses: the controller too', async () => {
  const changes = {
    data: { split: { by: 'fraction', validation: 0.1, test: 0.1 } },
    loss: {
      search: ['bce', 'focal', 'hinge'],
      controller: { inputs: ['y', 'p', 'field:C1'], warmupSteps: 3, period: 2, gumbel: true, temperature: { start: 1, decay: 0.01 } },
    },
    train: { batch: 96, epochs: 2 },
    checkpoint: { everySteps: 20 },
  }
  const searching = writeJob(folder, spoilLog(await writeLog(folder, 3001, 'searched.tsv')), changes, 'searching')
  const alone = await train(searching, 1, 1)
  assert.ok(checkpointsOf(alone).length >= 3)
  const [first, last] = [checkpointsOf(alone)[0]!, checkpointsOf(alone).at(-1)!].map((name) => hashes(join(alone, 'checkpoints', name)))
  assert.notEqual(first!['controller.safetensors'], last!['controller.safetensors'], 'the controller learns')
  for (const [workers, threads] of [
    [2, 2],
    [3, 1],
    [4, 1],
  ] as const) {
    const together = await train(searching, workers, threads)
    assert.deepEqual(checkpointsOf(together), checkpointsOf(alone))
    for (const name of checkpointsOf(alone)) sameCheckpoint(together, alone, name)
    sameRecords(together, alone)
  }
})

test('another seed writes other checkpoints', async () => {
  const other = await train(job, 2, 1, '--set', 'seed=2')
  const [name] = checkpointsOf(reference)
  assert.notDeepEqual(hashes(join(other, 'checkpoints', name!)), hashes(join(reference, 'checkpoints', name!)))
})
