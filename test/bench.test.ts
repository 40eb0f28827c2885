/** `lossmith bench` over two worker processes, and a race against a command that says how fast it is. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lossmith } from './lossmith-command.js'

const small = [
  'bench',
  '--workers',
  '2',
  '--threads',
  '1',
  '--batch',
  '64',
  '--lanes',
  '4',
  '--rows',
  '2600',
  '--steps',
  '3',
  '--warm',
  '1',
  '--json',
]

test('bench measures, and holds itself against a peer', { timeout: 120_000 }, async () => {
  const { stdout, code } = await lossmith([...small, '--rounds', '2', '--peer', 'echo median 1000 ex/s'])
  assert.equal(code, 0)
  const result = JSON.parse(stdout)
  assert.ok(result.examplesPerSecond > 0)
  assert.deepEqual(Object.keys(result.stepMs), ['total', 'compute', 'exchange', 'update'])
  assert.equal(result.peers[0].examplesPerSecond, 1000)
  assert.ok(Math.abs(result.peers[0].ratio - result.examplesPerSecond / 1000) < 1e-9)
})

test('bench refuses shapes that cannot be and peers that say nothing', { timeout: 120_000 }, async () => {
  const uneven = await lossmith(['bench', '--batch', '63', '--lanes', '4'])
  assert.equal(uneven.code, 2)
  assert.match(uneven.stderr, /wanted a batch that 4 lanes divide .* got --batch 63 .*\[bench-shape\]/)
  const silent = await lossmith([...small, '--peer', 'echo nothing'])
  assert.equal(silent.code, 2)
  assert.match(silent.stderr, /wanted "median N ex\/s" from echo nothing, got nothing/)
})
