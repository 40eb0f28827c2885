/** The promise of DESIGN.md §3: the number of workers and threads changes no bit of what is trained. Checkpoints are compared as files. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, test } from 'node:test'
import { checkpointsOf, hashes, sameCheckpoint } from './support/checkpoints.js'
import { Processes } from './support/processes.js'
import { writeJob, writeLog } from './support/small-job.js'

const processes = new Processes()
let folder: string
let job: string
let reference: string

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'lossmith-lanes-'))
  job = writeJob(folder, await writeLog(folder, 5003)) // rows that neither lanes nor batches divide: every epoch has uneven ends
  reference = await train(1, 1)
})
afterEach(() => processes.allGone())
after(() => rmSync(folder, { recursive: true }))

async function train(workers: number, threads: number, ...more: string[]): Promise<string> {
  const run = join(folder, `run-${workers}-${threads}${more.join('')}`)
  const { code, stderr } = await processes.start(
    ['train', job, '--run', run, '--workers', String(workers), '--threads', String(threads), '--quiet', ...more],
    { deadlineMs: 40_000 },
  ).ended
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
    const run = await train(workers, threads)
    assert.deepEqual(checkpointsOf(run), checkpointsOf(reference))
    for (const name of checkpointsOf(reference)) sameCheckpoint(run, reference, name)
  })
}

test('another seed writes other checkpoints', async () => {
  const other = await train(2, 1, '--set', 'seed=2')
  const [name] = checkpointsOf(reference)
  assert.notDeepEqual(hashes(join(other, 'checkpoints', name!)), hashes(join(reference, 'checkpoints', name!)))
})
