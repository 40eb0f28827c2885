/**
 * Workers that do not see what the others see: one whose machine lacks the log, one whose copy differs in a byte. Each worker runs in a mount
 * namespace of its own, where something else lies at the path. The run is refused before training, with host and path.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, afterEach, before, test } from 'node:test'
import { Processes } from './support/processes.js'
import { writeJob, writeLog } from './support/small-job.js'

const processes = new Processes()
const skip = spawnSync('unshare', ['-m', 'true']).status === 0 ? false : 'mount namespaces need root and unshare'
let folder: string
let log: string
let job: string

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'lossmith-files-'))
  mkdirSync(join(folder, 'logs'))
  log = await writeLog(join(folder, 'logs'), 3001, 'log.tsv')
  job = writeJob(folder, log)
})
afterEach(() => processes.allGone())
after(() => rmSync(folder, { recursive: true }))

/** Two workers, the second with `source` mounted over `target`; resolves with what the coordinator said. */
async function trainWith(name: string, source: string, target: string) {
  const run = join(folder, name)
  const coordinator = processes.start(['coordinator', job, '--run', run, '--workers', '2', '--listen', '127.0.0.1:0', '--json'])
  const [, address] = await coordinator.says(/"address":"([^"]+)"/)
  const worker = (i: number, inside: string[]) =>
    processes.start(['worker', '--coordinator', address!, '--name', `worker-${i}`, '--threads', '1'], { inside })
  const workers = [worker(1, []), worker(2, ['unshare', '-m', 'sh', '-c', 'mount --bind "$0" "$1" && shift && exec "$@"', source, target])]
  const ended = await coordinator.ended
  for (const { ended } of workers) assert.notEqual((await ended).code, 0)
  assert.deepEqual(existsSync(join(run, 'checkpoints')) ? readdirSync(join(run, 'checkpoints')) : [], [])
  return ended
}

test('a worker whose machine lacks the log', { skip }, async () => {
  mkdirSync(join(folder, 'nothing'))
  const { code, stderr } = await trainWith('lacking', join(folder, 'nothing'), dirname(log))
  assert.equal(code, 2, stderr)
  const said = stderr.split('\n').findLast((line) => line.startsWith('lossmith: '))!
  assert.ok(said.includes(log) && said.includes(hostname()) && said.includes('worker-2'), said)
  assert.match(said, /\[file-(missing|unreadable)\]/)
})

test('a worker whose copy differs in one byte', { skip }, async () => {
  const bytes = readFileSync(log)
  bytes[bytes.length >> 1]! ^= 1
  const other = join(folder, 'other.tsv')
  writeFileSync(other, bytes)
  const { code, stderr } = await trainWith('differing', other, log)
  assert.equal(code, 2, stderr)
  const said = stderr.split('\n').findLast((line) => line.startsWith('lossmith: '))!
  assert.ok(said.includes(log) && said.includes('worker-2') && said.includes(hostname()), said)
  assert.match(said, /wanted \d+ bytes, digest [0-9a-f]{16} as worker-1 .* sees it, got \d+ bytes, digest [0-9a-f]{16}.*\[data-changed\]/)
})
