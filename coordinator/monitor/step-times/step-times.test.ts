/** The times that ranks report, in parts, and who makes the others wait. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RankTimes__Output as RankTimes } from '../../../proto/generated/lossmith/v1/RankTimes.js'
import { median } from './median.js'
import { parts, stepSplits } from './step-split.js'
import { straggler, stragglerWords } from './straggler.js'

const times = (rank: number, more: Partial<RankTimes> = {}): RankTimes => ({
  rank,
  readMs: 1,
  computeMs: 10,
  exchangeMs: 4,
  updateMs: 2,
  totalMs: 20,
  searchMs: 2,
  controllerWaitMs: 1,
  ...more,
})

test('a step in parts: what a rank waits for the slowest is taken out of its exchange', () => {
  const [fast, slow] = stepSplits([
    [times(1, { computeMs: 16, exchangeMs: 3, totalMs: 25 }), times(0, { exchangeMs: 9 })],
    [times(0, { exchangeMs: 5 }), times(1, { exchangeMs: 5 })],
  ])
  assert.deepEqual([fast!.rank, slow!.rank], [0, 1])
  assert.deepEqual([fast!.exchange, fast!.wait], [4, 4], 'least exchanges 3 and 5; waits 1 + 6 and 1 + 0')
  assert.deepEqual([slow!.exchange, slow!.wait, slow!.compute, slow!.totalMs], [4, 1, 13, 22.5])
  // Nothing is lost between the parts: they add up to what was reported.
  const sum = parts.reduce((total, part) => total + fast![part], 0)
  assert.equal(sum, 1 + 10 + 2 + 7 + 1 + 2)
})

test('the straggler does 15 % more than the median of the others', () => {
  const splits = (compute: readonly number[]) => stepSplits([compute.map((computeMs, rank) => times(rank, { computeMs }))])
  assert.equal(straggler(splits([10, 11, 10])), undefined, '14 to 13 is 8 %')
  const slow = straggler(splits([10, 11, 15, 10]))!
  assert.deepEqual([slow.rank, slow.part], [2, 'compute'])
  assert.equal(slow.longer.toFixed(4), (18 / 13 - 1).toFixed(4))
  assert.equal(
    stragglerWords(slow, 4),
    'Rank 2 is the straggler: reading, computing and searching take it 38 % longer than the others, mostly because it computes longer',
  )
  assert.equal(straggler(splits([30])), undefined, 'nobody waits for it')
  const reads = straggler(stepSplits([[times(0, { readMs: 8 }), times(1)]]))!
  assert.match(stragglerWords(reads, 2), /Rank 0 .* longer than the other, mostly because it reads longer/)
})

test('medians', () => {
  assert.equal(median([3, 1, 2]), 2)
  assert.equal(median([4, 1, 3, 2]), 2.5)
})
