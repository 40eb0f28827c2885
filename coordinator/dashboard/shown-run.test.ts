/** A directory whose coordinator died: whoever has its port by now is not called, and so is shown no token. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryDirectory } from '../run-fixture.test-support.js'
import { ScriptedMonitor } from './dashboard-fixture.test-support.js'
import { directoryRun } from './shown-run.js'

test('the coordinator of a directory is called while its process lives, or where that cannot be known', async (t) => {
  const directory = temporaryDirectory(t)
  const monitor = new ScriptedMonitor()
  monitor.description = { ...monitor.description, directory }
  const called: string[] = []
  const connect = (address: string) => {
    called.push(address)
    return monitor
  }
  const dead = spawnSync(process.execPath, ['-e', '']).pid
  const addresses = async (announced: object) => {
    writeFileSync(join(directory, 'coordinator.json'), JSON.stringify(announced))
    const run = directoryRun('run', directory, { connect, open: () => monitor })
    await run.coordinator()
    run.close()
    return called.splice(0)
  }
  const here = { address: '127.0.0.1:7070', host: hostname() }
  assert.deepEqual(await addresses({ ...here, pid: dead }), [])
  assert.deepEqual(await addresses({ ...here, pid: process.pid }), ['127.0.0.1:7070'])
  const elsewhere = { host: `${hostname()}-not`, pid: dead }
  assert.deepEqual(await addresses({ ...elsewhere, address: '192.0.2.1:7070' }), ['192.0.2.1:7070'])
  assert.deepEqual(await addresses({ ...elsewhere, address: 'localhost:7070' }), [], 'loopback of another machine')
})
