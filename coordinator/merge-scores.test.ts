/** AUC over ranks against a plain sort of all scores; the other merges and deals against their properties. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { philox, philoxKey } from '../model/philox.js'
import { mergeScores } from './merge-scores.js'
import { temporaryDirectory } from './run-fixture.test-support.js'
import { scoreBytes } from './simulated-data.test-support.js'

interface Score {
  logit: number
  label: 0 | 1
}

/** Mean rank of positives in the sorted scores, ties at their middle (Mann-Whitney): no counts, no merging. */
function sortedAuc(scores: Score[]): number {
  const sorted = [...scores].sort((a, b) => a.logit - b.logit)
  let rankSum = 0
  for (let from = 0, to = 0; from < sorted.length; from = to) {
    while (to < sorted.length && sorted[to]!.logit === sorted[from]!.logit) to++
    for (let i = from; i < to; i++) if (sorted[i]!.label === 1) rankSum += (from + 1 + to) / 2
  }
  const positives = scores.filter(({ label }) => label === 1).length
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * (scores.length - positives))
}

function draw(count: number, distinct: number, seed: number): Score[] {
  const key = philoxKey(BigInt(seed), 'test')
  return Array.from({ length: count }, (_, i) => {
    const [a, b] = philox([i, 0, 0, 0], key)
    const logit = ((a % distinct) - distinct / 2) / 7
    return { logit, label: b / 2 ** 32 < 1 / (1 + Math.exp(-logit / 50)) ? 1 : 0 }
  })
}

const fileOf = (path: string, scores: Score[]) => {
  const counts = new Map<number, [bigint, bigint]>()
  for (const { logit, label } of scores) {
    const pair = counts.get(logit) ?? [0n, 0n]
    pair[label]++
    counts.set(logit, pair)
  }
  writeFileSync(path, scoreBytes([...counts].map(([logit, [negatives, positives]]) => ({ logit, negatives, positives }))))
  return path
}

test('AUC equals a sort of all scores, with many ties and with few, however ranks shared them', async (t) => {
  const directory = temporaryDirectory(t)
  for (const [count, distinct, ranks] of [
    [5000, 2 ** 32, 1],
    [5000, 40, 3],
    [100_000, 2 ** 32, 2],
    [20_000, 5000, 8],
  ] as const) {
    const scores = draw(count, distinct, count + ranks)
    const paths = Array.from({ length: ranks }, (_, rank) =>
      fileOf(
        join(directory, `${count}-${distinct}-${rank}`),
        scores.filter((_, i) => i % ranks === rank),
      ),
    )
    const { auc, positives, negatives } = await mergeScores(paths)
    assert.ok(Math.abs(auc - sortedAuc(scores)) < 1e-12, `${auc} ${sortedAuc(scores)}`)
    assert.equal(positives, scores.filter(({ label }) => label === 1).length)
    assert.equal(positives + negatives, count)
  }
})

test('counts whose pairs pass 2^53 are added exactly', async (t) => {
  const path = join(temporaryDirectory(t), 'scores')
  const [n, p] = [10n ** 9n, 10n ** 9n - 1n]
  writeFileSync(
    path,
    scoreBytes([
      { logit: -1, negatives: n, positives: p },
      { logit: 1, negatives: n, positives: p },
      { logit: 2, negatives: 1n, positives: 0n },
    ]),
  )
  const wanted = (p * n + p * (2n * n + n)) / 1n
  const { auc } = await mergeScores([path])
  assert.equal(auc, Number(wanted) / Number(2n * (2n * p) * (2n * n + 1n)))
})

test('one class gives no AUC; scores out of order or of no number are refused', async (t) => {
  const path = join(temporaryDirectory(t), 'scores')
  writeFileSync(path, scoreBytes([{ logit: 1, negatives: 3n, positives: 0n }]))
  assert.ok(Number.isNaN((await mergeScores([path])).auc))
  assert.ok(Number.isNaN((await mergeScores([])).auc))
  const two = scoreBytes([
    { logit: 1, negatives: 1n, positives: 0n },
    { logit: 2, negatives: 1n, positives: 0n },
  ])
  two.writeDoubleLE(0.5, 24)
  writeFileSync(path, two)
  await assert.rejects(mergeScores([path]), { code: 'scores-unsorted' })
  two.writeDoubleLE(Number.NaN, 24)
  writeFileSync(path, two)
  await assert.rejects(mergeScores([path]), { code: 'scores-unsorted' })
  writeFileSync(path, two.subarray(0, 30))
  await assert.rejects(mergeScores([path]), { code: 'scores-size' })
})
