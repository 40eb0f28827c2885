/** A machine with Node and nothing else: no compiler on the path, no engine. The coordinator starts there; a worker says what it needs. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type InstalledPackage, installPackage } from './installed-package.js'
import { startLossmith } from './lossmith-command.js'

let installed: InstalledPackage
before(() => {
  installed = installPackage()
})
after(() => installed.remove())

const env = { PATH: '/nowhere', HOME: '/nowhere' }

test('the coordinator starts, answers and stops', async () => {
  const { folder, path } = installed
  const entry = join(path, 'dist/scripts/lossmith.js')
  assert.ok(!existsSync(join(path, 'native/build')))
  writeFileSync(join(folder, 'job.yaml'), 'data: { train: /data/every/worker/sees/log.tsv }\n')
  const { child, ended, saw } = startLossmith(['coordinator', 'job.yaml', '--listen', '127.0.0.1:0', '--run', 'run'], { cwd: folder, env, entry })
  const [, address] = await saw(/coordinator listens on (\S+),/)
  const worker = spawnSync(process.execPath, [entry, 'worker', '--coordinator', address!], { env, encoding: 'utf8', timeout: 30_000 })
  assert.equal(worker.status, 2)
  assert.match(worker.stderr, /^lossmith: wanted the native engine at .*lossmith\.node, found none: .*\[addon-missing\]$/m)
  child.kill('SIGINT')
  const { code, stderr } = await ended
  assert.equal(code, 130, stderr)
})

test('train says at once that the engine is missing, and leaves no process', async () => {
  const { folder, path } = installed
  writeFileSync(join(folder, 'log.tsv'), '1\n')
  const options = { cwd: folder, env, entry: join(path, 'dist/scripts/lossmith.js') }
  const { code, stderr } = await startLossmith(['train', 'job.yaml', '--run', 'run-train', '--set', 'data.train=log.tsv'], options).ended
  assert.equal(code, 2, stderr)
  assert.match(stderr, /worker-1: wanted the native engine at .*\[addon-missing\]/)
})
