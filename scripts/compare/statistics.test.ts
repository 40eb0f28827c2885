import assert from 'node:assert/strict'
import { test } from 'node:test'
import { median, pairedInterval, spread, tQuantile } from './statistics.js'

test('quantiles of Student’s t are those of the tables', () => {
  // NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.2: three decimals.
  const table: [probability: number, degrees: number, t: number][] = [
    [0.975, 1, 12.706],
    [0.975, 2, 4.303],
    [0.975, 3, 3.182],
    [0.975, 4, 2.776],
    [0.975, 5, 2.571],
    [0.975, 9, 2.262],
    [0.975, 10, 2.228],
    [0.975, 30, 2.042],
    [0.975, 100, 1.984],
    [0.95, 1, 6.314],
    [0.95, 4, 2.132],
    [0.995, 7, 3.499],
    [0.999, 2, 22.327],
  ]
  for (const [probability, degrees, t] of table) {
    const got = tQuantile(probability, degrees)
    assert.ok(Math.abs(got - t) < 0.0006, `${probability}, ${degrees}: ${got}`)
  }
  // With one degree t is Cauchy's: tan(π(p − 1/2)).
  assert.ok(Math.abs(tQuantile(0.9, 1) - Math.tan(0.4 * Math.PI)) < 1e-12)
  // With two it is (2p − 1)·√(2 / (1 − (2p − 1)²)).
  assert.ok(Math.abs(tQuantile(0.9, 2) - 0.8 * Math.sqrt(2 / 0.36)) < 1e-12)
})

test('mean, deviation of the sample and median', () => {
  assert.deepEqual(spread([2, 4, 4, 4, 5, 5, 7, 9]), { mean: 5, sd: Math.sqrt(32 / 7), n: 8 })
  assert.ok(Number.isNaN(spread([1]).sd))
  assert.equal(median([3, 1, 2]), 2)
  assert.equal(median([4, 1, 2, 3]), 2.5)
})

test('the paired interval of five seeds', () => {
  // By hand: mean 3, sd √2.5, half width 2.776445 · √2.5 / √5 = 1.963243.
  const { mean, low, high, n } = pairedInterval([1, 2, 3, 4, 5])
  assert.equal(mean, 3)
  assert.equal(n, 5)
  assert.ok(Math.abs(high - 4.963243) < 1e-6 && Math.abs(low - 1.036757) < 1e-6, `${low} ${high}`)
  const one = pairedInterval([0.5])
  assert.equal(one.mean, 0.5)
  assert.ok(Number.isNaN(one.low))
})
