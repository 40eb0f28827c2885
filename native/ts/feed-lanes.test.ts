/** The stream of a lane: full batches, cursors, windows, splits by fraction, where it ends. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { philox, philoxKey, philoxUniform } from '../../model/philox.js'
import { randomLog, readReference } from './criteo-reference.js'
import { bytes, ids, type Log, labels, laneBatches, logBins, readPieces, rowsOf, small, total, withFeed, writeLog } from './feed-logs.test.support.js'

test('a lane gives full batches over pieces in file order, and the ledger balances', { timeout: 60_000 }, async () => {
  const log = await writeLog('order', bytes(small))
  const reference = readReference(small, logBins).filter(({ reject }) => reject === null)
  const batches = await laneBatches(log, {})
  assert.deepEqual(
    ids(batches),
    reference.flatMap((row) => row.ids),
  )
  assert.ok(batches.slice(0, -1).every((batch) => batch.labels.length === 64))
  assert.equal(reference.length + total(batches, 'rejected') + total(batches, 'heldOut'), 700)
  assert.equal(
    batches.reduce((sum, batch) => sum + batch.rejects.length, 0),
    total(batches, 'rejected'),
  )
})

test('a lane entered at any cursor gives what would have followed, with its rejects once', { timeout: 60_000 }, async () => {
  const fraction = { seed: 9, validation: 0.2, test: 0 }
  const logs = [await writeLog('resume.tsv', bytes(small), { fraction }), await writeLog('resume.gz', gzipSync(bytes(small)))]
  for (const log of logs) {
    for (const shuffleRows of [0, 1, 10, 64, 100, 5000]) {
      const batches = await laneBatches(log, { shuffleRows })
      assert.equal(labels(batches).length + total(batches, 'rejected') + total(batches, 'heldOut'), 700)
      for (const [i, batch] of batches.entries()) {
        const rest = batch.cursor.exhausted ? [] : await laneBatches(log, { shuffleRows }, batch.cursor)
        assert.deepEqual(rest, batches.slice(i + 1), `shuffleRows ${shuffleRows}, after batch ${i}`)
      }
    }
  }
})

test('a window is permuted as documented, by seed, epoch, lane and place', { timeout: 60_000 }, async () => {
  const log = await writeLog('shuffle', bytes(small))
  const shuffleRows = 50
  const inOrder = rowsOf(await laneBatches(log, {}))
  const starts = rowPlaces(log)
  const shuffle = (seed: number, epoch: number, lane: number) => {
    const rows: string[] = []
    for (let from = 0; from < inOrder.length; from += shuffleRows) {
      const window = inOrder.slice(from, from + shuffleRows)
      for (let i = window.length - 1; i > 0; i--) {
        const counter = [i >>> 2, starts[from]!.line, starts[from]!.piece, (lane | (epoch << 16)) >>> 0] as const
        const j = Math.floor((philox(counter, philoxKey(BigInt(seed), 'shuffle'))[i & 3]! * (i + 1)) / 2 ** 32)
        ;[window[i], window[j]] = [window[j]!, window[i]!]
      }
      rows.push(...window)
    }
    return rows
  }
  for (const [seed, epoch, lane] of [
    [1, 0, 0],
    [1, 1, 0],
    [1, 0, 3],
    [2, 0, 0],
  ] as const) {
    const got = rowsOf(await laneBatches(log, { shuffleRows, seed, laneBatch: 7 }, null, epoch, lane))
    assert.deepEqual(got, shuffle(seed, epoch, lane))
    assert.notDeepEqual(got, inOrder)
  }
})

/** Piece and line in its block of every row of `small`. */
function rowPlaces(log: Log): { piece: number; line: number }[] {
  const lines = readReference(small, logBins)
  return log.pieces.flatMap(({ id, firstLine, lines: count }) =>
    lines.slice(firstLine, firstLine + count).flatMap(({ reject }, line) => (reject === null ? [{ piece: id, line }] : [])),
  )
}

test('the stream of a lane does not depend on which other lanes the feed has', { timeout: 60_000 }, async () => {
  const log = await writeLog('others', gzipSync(bytes(small)))
  const alone = await laneBatches(log, { shuffleRows: 30 }, null, 2, 5)
  await withFeed(log, { shuffleRows: 30 }, async (feed) => {
    const lanes = [4, 5, 6].map((lane) => ({ lane, pieces: log.pieces, cursor: null }))
    feed.startEpoch(2, lanes)
    for (const wanted of alone) {
      const [, got] = await Promise.all([feed.nextBatch(4), feed.nextBatch(5), feed.nextBatch(6)])
      assert.deepEqual(got, wanted)
    }
  })
})

test('splits by fraction are disjoint, complete, of the sizes asked for, and drawn as documented', { timeout: 60_000 }, async () => {
  const text = randomLog({ rows: 2000, seed: 5, malformed: 0.05 })
  const fraction = { seed: 11, validation: 0.1, test: 0.25 }
  const log = await writeLog('fraction', bytes(text), { fraction })
  const key = philoxKey(11n, 'split')
  const drawn = readReference(text, logBins).map((row) => {
    const uniform = philoxUniform(philox([row.line, 0, 0, 0], key)[0])
    return { row, split: uniform < 0.25 ? 'test' : uniform < 0.25 + 0.1 ? 'validation' : 'train' }
  })
  let lines = 0
  for (const split of ['train', 'validation', 'test']) {
    const read = await readPieces({ ...log, pieces: log.pieces.map((piece) => ({ ...piece, split })) })
    const mine = drawn.filter((line) => line.split === split)
    assert.deepEqual(
      ids(read),
      mine.flatMap(({ row }) => (row.reject === null ? row.ids : [])),
    )
    assert.equal(total(read, 'rejected'), mine.filter(({ row }) => row.reject !== null).length, 'a malformed line is rejected in one split')
    assert.equal(labels(read).length + total(read, 'rejected') + total(read, 'heldOut'), 2000)
    const share = { train: 0.65, validation: 0.1, test: 0.25 }[split]!
    assert.ok(Math.abs(mine.length / 2000 - share) < 5 * Math.sqrt((share * (1 - share)) / 2000))
    lines += mine.length
  }
  assert.equal(lines, 2000)
})

test('a lane without examples is exhausted at once and still reports what it rejected', { timeout: 60_000 }, async () => {
  const [only, ...more] = await laneBatches(await writeLog('bad', bytes('no\nlog\n')), {})
  assert.deepEqual([only!.labels.length, only!.rejected, more.length], [0, 2, 0])
  const log = await writeLog('end', bytes(small))
  await withFeed(log, {}, async (feed) => {
    const end = { piece: 0, offset: 0, line: 0, emitted: 0, exhausted: true, pass: 0 }
    feed.startEpoch(0, [
      { lane: 0, pieces: [], cursor: null },
      { lane: 1, pieces: log.pieces, cursor: end },
    ])
    for (const lane of [0, 1, 0, 1]) {
      const batch = await feed.nextBatch(lane)
      assert.deepEqual([batch.labels.length, batch.rejected, batch.cursor.exhausted], [0, 0, true])
    }
    const { bytes, lines } = log.pieces[0]!
    for (const place of [{ offset: bytes + 1 }, { offset: -1 }, { line: lines + 1 }]) {
      feed.startEpoch(0, [{ lane: 0, pieces: log.pieces, cursor: { ...end, exhausted: false, ...place } }])
      await assert.rejects(feed.nextBatch(0), { kind: 'config', code: 'cursor', message: /wanted a place within/ })
    }
  })
})
