import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

test('./scripts/lint passes', { timeout: 180_000 }, () => {
  const { status, stdout, stderr } = spawnSync('./scripts/lint', { cwd: fileURLToPath(new URL('../..', import.meta.url)), encoding: 'utf8' })
  assert.equal(status, 0, stdout + stderr)
})
