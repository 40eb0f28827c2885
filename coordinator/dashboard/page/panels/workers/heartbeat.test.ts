/** The age of a heartbeat between two descriptions of a run. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { heartbeat } from './heartbeat.js'

test('a heartbeat grows older only when descriptions stop coming', () => {
  assert.deepEqual(heartbeat(800, 1900, 1000), { ageMs: 800, late: false })
  assert.deepEqual(heartbeat(800, 3500, 1000), { ageMs: 4300, late: true })
  assert.equal(heartbeat(3100, 0, 1000).late, true)
})
