/** Two coordinators never work on one run directory; a crashed one does not stand in the way of the next. */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { lockRun } from './run-lock.js'

const module = fileURLToPath(new URL('./run-lock.js', import.meta.url))

function directoryOf(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'lossmith-lock-'))
  t.after(() => rmSync(path, { recursive: true, force: true }))
  return path
}

/** Takes the lock in a process of its own, which then waits, or ends without giving it back. */
const script = (directory: string, wait: boolean) => [
  '--input-type=module',
  '-e',
  `import { lockRun } from ${JSON.stringify(module)}; lockRun(${JSON.stringify(directory)}); console.log('locked'); ${wait ? 'setInterval(() => {}, 1000)' : ''}`,
]

test('a second taker is refused, by process and host, until the first gives it back', (t) => {
  const directory = directoryOf(t)
  const release = lockRun(directory)
  assert.throws(() => lockRun(directory), { kind: 'config', code: 'run-locked', message: new RegExp(`that of process ${process.pid} on `) })
  const other = spawnSync(process.execPath, script(directory, false), { encoding: 'utf8', timeout: 10_000 })
  assert.match(other.stderr, /run-locked/)
  release()
  assert.deepEqual(readdirSync(directory), [])
  lockRun(directory)()
})

test('the lock of a process that lives holds; once it is killed the lock is taken over', { timeout: 20_000 }, async (t) => {
  const directory = directoryOf(t)
  const child = spawn(process.execPath, script(directory, true), { stdio: ['ignore', 'pipe', 'inherit'] })
  t.after(() => child.kill('SIGKILL'))
  await once(child.stdout!, 'data')
  assert.throws(() => lockRun(directory), { code: 'run-locked', message: new RegExp(`process ${child.pid} `) })
  child.kill('SIGKILL')
  await once(child, 'close')
  assert.ok(existsSync(join(directory, 'coordinator.lock')), 'a killed process leaves its lock')
  lockRun(directory)()
})

test('a pid that is used again by another process is no holder', (t) => {
  const directory = directoryOf(t)
  const path = join(directory, 'coordinator.lock')
  const release = lockRun(directory)
  const holder = JSON.parse(readFileSync(path, 'utf8')) as { started: string }
  release()
  writeFileSync(path, JSON.stringify({ ...holder, started: `${holder.started}1` }))
  lockRun(directory)()
})

test('the lock of another host, or one that cannot be read, is left to people', (t) => {
  const directory = directoryOf(t)
  const path = join(directory, 'coordinator.lock')
  writeFileSync(path, JSON.stringify({ host: 'elsewhere', pid: 1, started: 'x' }))
  assert.throws(() => lockRun(directory), {
    code: 'run-locked',
    message: /process 1 on elsewhere: if that process is gone, remove .*coordinator\.lock/,
  })
  writeFileSync(path, '')
  assert.throws(() => lockRun(directory), { code: 'run-locked', message: /one that cannot be read: if that process is gone, remove / })
  assert.deepEqual(readdirSync(directory), ['coordinator.lock'])
})
