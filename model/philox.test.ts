import assert from 'node:assert/strict'
import { test } from 'node:test'
import { initialRows, type PhiloxWords, philox, philoxKey, philoxUniform } from './philox.js'

test('Philox4x32-10 gives the known answers of Random123', () => {
  const answers: [counter: PhiloxWords, low: number, high: number, words: PhiloxWords][] = [
    [[0, 0, 0, 0], 0, 0, [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]],
    [[0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff], 0xffffffff, 0xffffffff, [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd]],
    [[0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], 0xa4093822, 0x299f31d0, [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1]],
  ]
  for (const [counter, low, high, words] of answers) assert.deepEqual(philox(counter, { low, high }), words)
})

test('the key is splitmix64 of the seed and FNV-1a of the purpose', () => {
  // splitmix64(fnv1a64("")) and splitmix64(1 ^ fnv1a64("a")), computed by an independent implementation.
  assert.deepEqual(philoxKey(0n, ''), { low: 0x6ba4ff30, high: 0xc3817c01 })
  assert.deepEqual(philoxKey(1n, 'a'), { low: 0xa7ab959c, high: 0xc0fc99fe })
})

test('uniforms are multiples of 2^-24 below 1', () => {
  assert.equal(philoxUniform(0), 0)
  assert.equal(philoxUniform(0xffffffff), 1 - 2 ** -24)
})

test('first weights depend on seed, name, row and column only', () => {
  const init = { kind: 'normal', deviation: 0.01 } as const
  const all = initialRows(init, 7n, 'embedding', 0, 10, 6)
  assert.deepEqual(initialRows(init, 7n, 'embedding', 4, 2, 6), all.subarray(24, 36))
  assert.notDeepEqual(initialRows(init, 8n, 'embedding', 0, 10, 6), all)
  assert.notDeepEqual(initialRows(init, 7n, 'first', 0, 10, 6), all)
  assert.notDeepEqual(initialRows(init, 7n, 'embedding', 2 ** 32, 10, 6), all)
})

test('first weights have the distribution asked for', () => {
  const moments = (values: Float32Array) => {
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length
    return { mean, deviation: Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length) }
  }
  // 20000 draws: the mean strays by deviation/141, the deviation by deviation/200; five of those are allowed.
  const normal = moments(initialRows({ kind: 'normal', deviation: 2 }, 1n, 'a', 0, 1000, 20))
  assert.ok(Math.abs(normal.mean) < 0.07 && Math.abs(normal.deviation - 2) < 0.05, JSON.stringify(normal))
  const uniform = initialRows({ kind: 'uniform', bound: 0.5 }, 1n, 'a', 0, 1000, 20)
  assert.ok(uniform.every((value) => value >= -0.5 && value < 0.5))
  assert.ok(Math.abs(moments(uniform).deviation - 0.5 / Math.sqrt(3)) < 0.01)
  assert.ok(initialRows({ kind: 'constant', value: 3 }, 1n, 'a', 0, 2, 2).every((value) => value === 3))
  assert.ok(initialRows({ kind: 'zeros' }, 1n, 'a', 0, 2, 2).every((value) => value === 0))
})
