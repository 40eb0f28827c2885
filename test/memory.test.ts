/** A worker's memory does not follow the length of the log: with equal tables, twenty times the rows (100 MB more of text) cost at most 40 MB more at the peak. */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { startCluster } from './support/cluster.js'
import { Processes } from './support/processes.js'
import { writeJob, writeLog } from './support/small-job.js'

const processes = new Processes()
const folder = mkdtempSync(join(tmpdir(), 'lossmith-memory-'))
afterEach(() => processes.allGone())
after(() => rmSync(folder, { recursive: true }))

/** VmHWM of a worker in MB: the kernel's own high-water mark, read until the process is gone. */
async function peakOfWorker(rows: number): Promise<number> {
  const log = await writeLog(folder, rows, `${rows}.tsv.gz`)
  const job = writeJob(folder, log, { train: { batch: 1024, epochs: 1 }, checkpoint: { everySteps: 0 } })
  const { coordinator, workers } = await startCluster(processes, [job, '--run', join(folder, `run-${rows}`)], 1)
  const worker = workers[0]!
  let peak = 0
  let over = false
  const watch = (async () => {
    while (!over) {
      peak = Math.max(peak, highWaterMark(worker.pid))
      await sleep(50)
    }
  })()
  const { code, stderr } = await worker.ended
  over = true
  await watch
  assert.equal(code, 0, stderr)
  assert.equal((await coordinator.ended).code, 0)
  return peak
}

function highWaterMark(pid: number): number {
  try {
    return Number(/^VmHWM:\s*(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? 0) / 1024
  } catch {
    return 0 // ended meanwhile
  }
}

test('400,000 rows need the memory of 20,000', async (t) => {
  const small = await peakOfWorker(20_000)
  const large = await peakOfWorker(400_000)
  t.diagnostic(`peak of a worker: ${small.toFixed(0)} MB with 20,000 rows, ${large.toFixed(0)} MB with 400,000`)
  assert.ok(small > 30, 'the mark was read')
  assert.ok(large - small <= 40, `${large.toFixed(0)} MB against ${small.toFixed(0)} MB`)
})
