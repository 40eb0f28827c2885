/** Blocks, lanes, splits, shares of the state, counts: what must hold whatever the numbers are. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dealBlocks } from './deal-blocks.js'
import { dealLanes } from './deal-lanes.js'
import { addRows, balanceLedger, emptyLedger } from './ledger.js'
import { addCounts, keepFrequent, normalisation, readCounts } from './merge-counts.js'
import { testPlan } from './run-fixture.test-support.js'
import { splitPieces } from './split-pieces.js'
import { shareState, stateTensors } from './state-tensors.js'

const blocksOf = (lines: number[]) => lines.map((count, i) => ({ file: i % 2, offset: i * 100, bytes: 100, firstLine: i * 10, lines: count }))

test('lanes: contiguous, all of them, differing by at most one', () => {
  assert.deepEqual(dealLanes(8, 3), [
    { first: 0, count: 3 },
    { first: 3, count: 3 },
    { first: 6, count: 2 },
  ])
  for (let world = 1; world <= 16; world++) {
    const ranges = dealLanes(16, world)
    let next = 0
    for (const { first, count } of ranges) {
      assert.equal(first, next)
      next += count
    }
    assert.equal(next, 16)
    assert.ok(Math.max(...ranges.map(({ count }) => count)) - Math.min(...ranges.map(({ count }) => count)) <= 1)
  }
})

test('blocks: each to one lane, even to a block, another order each epoch and seed, the same again', () => {
  const pieces = splitPieces(blocksOf(Array.from({ length: 200 }, (_, i) => 50 + (i % 13))), { by: 'files' }, () => 'train')
  const deal = (seed: number, epoch: number) => dealBlocks(pieces, 8, seed, epoch)
  const lanes = deal(1, 1)
  assert.deepEqual(
    lanes
      .flat()
      .map(({ id }) => id)
      .sort((a, b) => a - b),
    pieces.map(({ id }) => id),
  )
  const rows = lanes.map((own) => own.reduce((sum, { take }) => sum + take, 0))
  assert.ok(Math.max(...rows) - Math.min(...rows) <= 62, String(rows))
  const ids = (dealt: typeof lanes) => dealt.map((own) => own.map(({ id }) => id))
  assert.deepEqual(ids(deal(1, 1)), ids(lanes))
  assert.notDeepEqual(ids(deal(1, 2)), ids(lanes))
  assert.notDeepEqual(ids(deal(2, 1)), ids(lanes))
  // A shuffle that leaves most blocks where they were would pass the above.
  const order = lanes[0]!.map(({ id }) => id)
  assert.ok(order.filter((id, i) => i > 0 && id < order[i - 1]!).length > order.length / 4)
})

test('split by time: the last rows are test, those before them validation, no row in two splits', () => {
  const blocks = blocksOf([10, 0, 7, 3, 30])
  const pieces = splitPieces(blocks, { by: 'time', validation: 0.3, test: 0.1 }, () => 'train')
  const rows = (name: string) => pieces.filter(({ split }) => split === name).reduce((sum, { take }) => sum + take, 0)
  assert.deepEqual([rows('train'), rows('validation'), rows('test')], [30, 15, 5])
  const names: string[] = []
  for (const { block, skip, take, split } of pieces) {
    const start = blocks.slice(0, blocks.indexOf(block as never)).reduce((sum, { lines }) => sum + lines, 0)
    for (let line = 0; line < take; line++) {
      assert.equal(names[start + skip + line], undefined)
      names[start + skip + line] = split
    }
  }
  assert.deepEqual(names, [...Array(30).fill('train'), ...Array(15).fill('validation'), ...Array(5).fill('test')])
})

test('split by fraction: every block whole in every split that has rows; by files: as the file is', () => {
  const blocks = blocksOf([5, 5])
  const splits = (split: Parameters<typeof splitPieces>[1]) =>
    splitPieces(blocks, split, (file) => (file === 0 ? 'train' : 'test')).map((p) => `${p.split} ${p.block!.file} ${p.take}`)
  assert.deepEqual(splits({ by: 'fraction', validation: 0, test: 0.5 }), ['train 0 5', 'train 1 5', 'test 0 5', 'test 1 5'])
  assert.deepEqual(splits({ by: 'files' }), ['train 0 5', 'test 1 5'])
})

test('shares of the state cover every byte once, for any world', () => {
  const tensors = stateTensors(testPlan)
  assert.deepEqual(
    tensors.map(({ name }) => name),
    ['layer.weight', 'layer.weight.m', 'layer.weight.v', 'embedding', 'embedding.m', 'embedding.v'],
  )
  for (let world = 1; world <= 9; world++) {
    const covered = new Map(tensors.map(({ name, shape }) => [name, new Uint8Array(4 * shape.reduce((a, b) => a * b))]))
    const shares = shareState(tensors, world)
    assert.equal(shares.length, world)
    for (const { tensor, offset, bytes } of shares.flat()) for (let i = offset; i < offset + bytes; i++) covered.get(tensor)![i]!++
    for (const [name, counts] of covered)
      assert.ok(
        counts.every((count) => count === 1),
        `${name} of ${world}`,
      )
  }
})

test('counts: sums by key, kept from the minimum on, moments to mean and deviation', () => {
  const artifact = (moments: number[][], pairs: [bigint, bigint][]) => {
    const words = [BigInt(moments.length)]
    const bytes = Buffer.concat([
      Buffer.from(new BigUint64Array(words).buffer),
      Buffer.from(new Float64Array(moments.flat()).buffer),
      Buffer.from(new BigUint64Array([BigInt(pairs.length), ...pairs.map(([key]) => key), ...pairs.map(([, count]) => count)]).buffer),
    ])
    return readCounts(bytes, 'test')
  }
  const top = 2n ** 64n - 1n
  const sum = addCounts(
    artifact(
      [[2, 4, 10]],
      [
        [1n, 5n],
        [7n, 1n],
        [top, 1n],
      ],
    ),
    artifact(
      [[2, 4, 10]],
      [
        [2n, 1n],
        [7n, 3n],
        [top, 1n],
      ],
    ),
  )
  assert.deepEqual([...sum.keys], [1n, 2n, 7n, top])
  assert.deepEqual([...sum.counts], [5n, 1n, 4n, 2n])
  assert.deepEqual(normalisation(sum), { means: [2], deviations: [1] })
  // A column of a thousand ones, its terms rounded as the engine does: what rounding leaves is no spread.
  const one = Math.log(2)
  const constant = { count: 1000, sum: (1000 * Math.round(one * 2 ** 16)) / 2 ** 16, squares: (1000 * Math.round(one * one * 2 ** 12)) / 2 ** 12 }
  assert.deepEqual(normalisation({ ...sum, moments: [constant] }).deviations, [1])
  const kept = keepFrequent(sum, 4)
  assert.deepEqual([kept.readBigUInt64LE(0), kept.readBigUInt64LE(8), kept.readBigUInt64LE(16), kept.length], [2n, 1n, 7n, 24])
  assert.throws(() => readCounts(Buffer.alloc(20), 'short'), { code: 'counts-size', message: /short/ })
})

test('ledger: balances to the row, or says what is there', () => {
  const ledger = addRows(addRows(emptyLedger(3), { trained: 5, rejected: 1, validation: 0, test: 2 }), {
    trained: 4,
    rejected: 0,
    validation: 0,
    test: 0,
    drawn: 7,
  })
  const heldOut = { validation: 2, test: 1 }
  const rows = { read: 15, trained: 9, rejected: 1, heldOut: 5, validation: 2, test: 3, drawn: 7 }
  assert.deepEqual(balanceLedger(ledger, 15, heldOut), { epoch: 3, ...rows, balanced: true })
  for (const lines of [14, 16]) assert.throws(() => balanceLedger(ledger, lines, heldOut), { kind: 'broken', code: 'ledger-unbalanced' })
})
