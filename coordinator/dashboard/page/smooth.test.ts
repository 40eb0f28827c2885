import assert from 'node:assert/strict'
import { test } from 'node:test'
import { smooth } from './smooth.js'

test('is the weighted mean that its formula says, over uneven places with gaps', () => {
  const x = [0, 1, 3, 4, 9, 10]
  const y = [1, 5, Number.NaN, 2, 8, 3]
  const width = 2.5
  const wanted = x.map((at, i) => {
    const past = x.map((_, k) => k).filter((k) => k <= i && !Number.isNaN(y[k]!))
    const weights = past.map((k) => Math.exp(-(at - x[k]!) / width))
    const sum = weights.reduce((a, b) => a + b)
    return past.reduce((total, k, j) => total + weights[j]! * y[k]!, 0) / sum
  })
  const means = smooth(x, y, width)
  for (const [i, value] of wanted.entries()) {
    // Two ways to round a sum of six doubles.
    if (Number.isNaN(y[i]!)) assert.ok(Number.isNaN(means[i]!))
    else assert.ok(Math.abs(means[i]! - value) < 1e-12, `${i}: ${means[i]} ${value}`)
  }
  assert.deepEqual([...smooth(x, y, 0)], y)
})
