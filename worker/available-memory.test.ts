/** Against files as kernels write them; and that this machine's are read. */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { freemem, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { availableMemory } from './available-memory.js'

const folder = mkdtempSync(join(tmpdir(), 'lossmith-memory-'))
after(() => rmSync(folder, { recursive: true }))
const put = (path: string, text: string) => {
  mkdirSync(join(folder, path, '..'), { recursive: true })
  writeFileSync(join(folder, path), text)
}
const available = () => availableMemory(join(folder, 'proc'), join(folder, 'groups'))

test('the machine, and the tightest group that the process is in', () => {
  assert.equal(available(), 0, 'unknown')
  put('proc/meminfo', 'MemTotal: 9000 kB\nMemAvailable:    8000 kB\n')
  assert.equal(available(), 8000 * 1024)
  put('proc/self/cgroup', '9:memory:/old\n0::/user/job\n')
  assert.equal(available(), 8000 * 1024, 'groups without a limit')
  put('groups/user/memory.max', '1000000\n')
  put('groups/user/memory.current', '300000\n')
  put('groups/user/memory.stat', 'anon 5\ninactive_file 100000\n')
  put('groups/user/job/memory.max', 'max\n')
  assert.equal(available(), 800_000, 'what only caches files can be had')
  put('groups/user/job/memory.max', '200000\n')
  put('groups/user/job/memory.current', '250000\n')
  assert.equal(available(), 0)
})

test('this machine has some', () => assert.ok(availableMemory() > freemem() / 4 && availableMemory() <= totalmem()))
