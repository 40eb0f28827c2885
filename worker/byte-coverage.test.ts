import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ByteCoverage } from './byte-coverage.js'

test('ranges in any order add up; a byte twice is seen; agrees with a bitmap', () => {
  let seed = 1
  const random = (below: number) => {
    seed = (seed * 48271) % 2147483647
    return seed % below
  }
  for (let round = 0; round < 300; round++) {
    const bytes = 1 + random(24)
    const coverage = new ByteCoverage()
    const map = new Uint8Array(bytes)
    for (let i = 0; i < 30; i++) {
      const from = random(bytes)
      const to = from + random(Math.min(5, bytes - from + 1))
      const free = !map.subarray(from, to).includes(1)
      assert.equal(coverage.add(from, to), free)
      if (free) map.fill(1, from, to)
      assert.equal(coverage.isWhole(bytes), !map.includes(0))
    }
  }
})
