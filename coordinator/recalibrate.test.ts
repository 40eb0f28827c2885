/** The slope against a search over many, and the logloss against the sum over examples. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { philox, philoxKey, philoxUniform } from '../model/philox.js'
import { fitSlope, loglossAt } from './recalibrate.js'
import { temporaryDirectory } from './run-fixture.test-support.js'
import { scoreBytes } from './simulated-data.test-support.js'

interface Example {
  logit: number
  label: 0 | 1
}

/** Logits whose true slope is `slope`, some of them equal, in `files` files. */
function examplesOf(count: number, slope: number): Example[] {
  const key = philoxKey(7n, 'recalibrate test')
  return Array.from({ length: count }, (_, i) => {
    const [a, b] = philox([i, 0, 0, 0], key)
    const logit = Math.round((philoxUniform(a) * 8 - 5) * 50) / 50
    return { logit, label: philoxUniform(b) < 1 / (1 + Math.exp(-slope * logit)) ? 1 : 0 }
  })
}

function filesOf(t: TestContext, examples: readonly Example[], files: number): string[] {
  const directory = temporaryDirectory(t)
  return Array.from({ length: files }, (_, file) => {
    const counts = new Map<number, [bigint, bigint]>()
    for (const [i, { logit, label }] of examples.entries()) {
      if (i % files !== file) continue
      const of = counts.get(logit) ?? [0n, 0n]
      of[label]++
      counts.set(logit, of)
    }
    const path = join(directory, String(file))
    writeFileSync(path, scoreBytes([...counts].map(([logit, [negatives, positives]]) => ({ logit, negatives, positives }))))
    return path
  })
}

const logloss = (examples: readonly Example[], slope: number) =>
  examples.reduce((sum, { logit, label }) => sum - Math.log(1 / (1 + Math.exp((label === 1 ? -1 : 1) * slope * logit))), 0) / examples.length

/** Ever finer grids around the best so far: f has one minimum. */
function bestSlope(examples: readonly Example[]): number {
  let [middle, width] = [0, 20]
  for (let round = 0; round < 12; round++) {
    const grid = Array.from({ length: 21 }, (_, i) => middle + (width * (i - 10)) / 10)
    middle = grid.reduce((best, slope) => (logloss(examples, slope) < logloss(examples, best) ? slope : best))
    width /= 5
  }
  return middle
}

test('the slope is the best of all, its logloss that of the examples', async (t) => {
  for (const slope of [0.3, 1, 2.5, -0.7]) {
    const examples = examplesOf(3000, slope)
    const paths = filesOf(t, examples, 3)
    const got = await fitSlope(paths)
    // The grid cannot see below the rounding of f: half of float64's digits of a.
    assert.ok(Math.abs(got - bestSlope(examples)) < 1e-6, `${got}, wanted ${bestSlope(examples)}`)
    for (const a of [got, 1, 0]) assert.ok(Math.abs((await loglossAt(paths, a)) - logloss(examples, a)) < 1e-12)
    assert.ok((await loglossAt(paths, got)) <= (await loglossAt(paths, 1)))
  }
})

test('who scored what changes no bit', async (t) => {
  const examples = examplesOf(500, 0.8)
  const [alone, together] = [filesOf(t, examples, 1), filesOf(t, examples, 4)]
  const slope = await fitSlope(alone)
  assert.equal(await fitSlope(together), slope)
  assert.equal(await loglossAt(together, slope), await loglossAt(alone, slope))
})

test('far from the best, where a plain Newton step runs away, it still arrives', async (t) => {
  const examples = examplesOf(2000, 0.05).map(({ logit, label }) => ({ logit: logit * 30, label }))
  const got = await fitSlope(filesOf(t, examples, 2))
  assert.ok(Math.abs(got - bestSlope(examples)) < 1e-6, `${got}, wanted ${bestSlope(examples)}`)
})

test('what has no best slope: one label alone, logits of zero, labels that the logits part', async (t) => {
  const one = examplesOf(50, 1).map(({ logit }) => ({ logit, label: 1 as const }))
  assert.ok(Number.isNaN(await fitSlope(filesOf(t, one, 1))))
  const zero = examplesOf(50, 1).map(({ label }) => ({ logit: 0, label }))
  assert.equal(await fitSlope(filesOf(t, zero, 1)), 1)
  const parted = examplesOf(50, 1).map(({ logit }) => ({ logit: logit || 1, label: (logit > 0 || logit === 0 ? 1 : 0) as 0 | 1 }))
  const slope = await fitSlope(filesOf(t, parted, 1))
  assert.ok(slope > 10 && slope <= 1000, String(slope))
  assert.ok((await loglossAt(filesOf(t, parted, 1), slope)) < 1e-3)
})
