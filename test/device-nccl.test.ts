/**
 * Whole runs whose workers exchange gradients over NCCL, by the command line: on emulated devices with the mock of NCCL, in processes of their own.
 * native/ts/nccl-gpu.test.ts has the real library.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, test } from 'node:test'
import { useMockNccl } from '../native/ts/nccl-mock.test.support.js'
import { checkpointsOf, sameCheckpoint, sameRecords } from './support/checkpoints.js'
import { curveOf, nearCurve } from './support/loss-curve.js'
import { Processes } from './support/processes.js'
import { writeJob, writeLog } from './support/small-job.js'

const mock = useMockNccl()
const processes = new Processes()
let folder: string
let job: string
let alone: string

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'lossmith-device-nccl-'))
  job = writeJob(folder, await writeLog(folder, 3001, 'log.tsv'))
  alone = await train('alone')
})
afterEach(() => processes.allGone())
after(() => rmSync(folder, { recursive: true }))

async function train(name: string, ...more: string[]): Promise<string> {
  const run = join(folder, name)
  const { code, stderr } = await processes.start(['train', job, '--run', run, '--threads', '1', '--quiet', '--device', 'cuda', ...more]).ended
  assert.equal(code, 0, stderr)
  return run
}

/** Which calls of NCCL the ranks made since `before` many. */
const callsSince = (before: number) => new Set(mock.calls().slice(before))

test('by the lane tree: the bytes of one worker', async () => {
  const before = mock.calls().length
  const run = await train('tree', '--workers', '3')
  const calls = callsSince(before)
  for (const rank of [0, 1, 2]) assert.ok(calls.has(`ncclSend ${rank}`) && calls.has(`ncclRecv ${rank}`), `rank ${rank}: ${[...calls].join(', ')}`)
  assert.deepEqual(checkpointsOf(run), checkpointsOf(alone))
  for (const name of checkpointsOf(alone)) sameCheckpoint(run, alone, name)
  sameRecords(run, alone)
})

test('by all-reduce: the losses of one worker', async () => {
  const before = mock.calls().length
  const run = await train('all-reduce', '--workers', '2', '--set', 'cluster.exchange=allreduce', '--set', 'train.determinism=false')
  const calls = callsSince(before)
  for (const rank of [0, 1]) assert.ok(calls.has(`ncclAllReduce ${rank}`), `rank ${rank}: ${[...calls].join(', ')}`)
  nearCurve(curveOf(run), curveOf(alone), 1e-4)
})
