import assert from 'node:assert/strict'
import { test } from 'node:test'
import { refusedError } from '../common/errors.js'
import { tellRefused } from './refused-callers.js'

test('each host is told of once, whatever its port; a flood of hosts does not fill the log', () => {
  const said: string[] = []
  const tell = tellRefused((message) => said.push(message))
  const none = refusedError('token-missing', 'none')
  tell('10.0.0.1:5000', none)
  tell('10.0.0.1:5001', refusedError('token-wrong', 'another'))
  tell('[fe80::1]:5000', refusedError('token-wrong', 'another'))
  assert.deepEqual(said, ['calls of 10.0.0.1 are refused: they show no token', 'calls of [fe80::1] are refused: they show another token'])
  for (let i = 0; i < 100; i++) tell(`10.0.1.${i}:1`, none)
  assert.equal(said.length, 20)
})
