/** A lane that goes round and round, as validation lanes do: passes, cursors, no rows at all; and a lane from memory. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import type { FeedOptions, NativeBatch, NativeCursor } from './binding.js'
import { bytes, type Log, labels, laneBatches, logBins, rowsOf, small, total, withFeed, writeLog } from './feed-logs.test.support.js'

/** `count` batches of a lane that repeats. */
function repeated(log: Log, options: Partial<FeedOptions>, count: number, cursor: NativeCursor | null = null, epoch = 0): Promise<NativeBatch[]> {
  return withFeed(log, options, async (feed) => {
    feed.startEpoch(epoch, [{ lane: 3, pieces: log.pieces, cursor }], true)
    const batches: NativeBatch[] = []
    while (batches.length < count) batches.push(await feed.nextBatch(3))
    return batches
  })
}

test('a lane that repeats gives full batches, every row once a pass, each pass in another order and its rejects again', {
  timeout: 60_000,
}, async () => {
  const log = await writeLog('repeat', bytes(small), { fraction: { seed: 9, validation: 0.2, test: 0.1 } })
  log.pieces = log.pieces.map((piece) => ({ ...piece, split: 'validation' }))
  const once = await laneBatches(log, {}, null, 0, 3)
  const rows = labels(once).length
  const split = (batches: NativeBatch[]) => {
    const all = rowsOf(batches)
    return [0, 1, 2].map((pass) => all.slice(pass * rows, (pass + 1) * rows))
  }
  for (const shuffleRows of [0, 40, 5000]) {
    const batches = await repeated(log, { shuffleRows }, Math.ceil((3 * rows) / 64))
    assert.ok(batches.every(({ labels, cursor }) => labels.length === 64 && !cursor.exhausted))
    const [first, second, third] = split(batches) as [string[], string[], string[]]
    for (const pass of [first, second, third]) assert.deepEqual([...pass].sort(), rowsOf(once).sort())
    if (shuffleRows === 0) for (const pass of [first, second, third]) assert.deepEqual(pass, rowsOf(once))
    else assert.ok(first.join() !== second.join() && second.join() !== third.join())
    assert.deepEqual(batches.at(-1)!.cursor.pass, Math.floor((64 * batches.length) / rows))
    const whole = batches.slice(0, Math.ceil((2 * rows) / 64)) // the windows of the third pass may have begun
    const [rejected, heldOut] = [total(whole, 'rejected'), total(whole, 'heldOut')]
    assert.ok(rejected >= 2 * total(once, 'rejected') && heldOut >= 2 * total(once, 'heldOut') && heldOut <= 3 * total(once, 'heldOut'))
    assert.deepEqual(await repeated(log, { shuffleRows }, batches.length, null, 7), batches, 'the epoch plays no part')
  }
})

test('a lane that repeats, entered at any cursor, gives what would have followed', { timeout: 60_000 }, async () => {
  const log = await writeLog('repeat-resume.gz', gzipSync(bytes(small)), { fraction: { seed: 9, validation: 0.2, test: 0.1 } })
  log.pieces = log.pieces.map((piece) => ({ ...piece, split: 'validation' }))
  const rows = labels(await laneBatches(log, {})).length
  // A batch that ends with the pass, a batch longer than the lane, windows that end with neither.
  for (const [laneBatch, shuffleRows] of [
    [rows, 7],
    [rows, 0],
    [rows / 2, 5000],
    [rows + 30, 11],
    [2 * rows, rows],
    [13, 10],
  ] as const) {
    if (!Number.isInteger(laneBatch)) continue
    const batches = await repeated(log, { laneBatch, shuffleRows }, 12)
    assert.ok(batches.every((batch) => batch.labels.length === laneBatch))
    for (const [i, batch] of batches.entries())
      assert.deepEqual(
        await repeated(log, { laneBatch, shuffleRows }, 11 - i, batch.cursor, i),
        batches.slice(i + 1),
        `${laneBatch}, ${shuffleRows}, after batch ${i}`,
      )
  }
})

test('a lane that repeats is exhausted when it has no accepted row at all, and says so once', { timeout: 60_000 }, async () => {
  const log = await writeLog('repeat-none', bytes('x\ty\nz\n'))
  for (const pieces of [[], log.pieces]) {
    const [first, second] = await repeated({ ...log, pieces }, { shuffleRows: 5 }, 2)
    assert.deepEqual([first!.labels.length, first!.rejected, first!.cursor.exhausted], [0, pieces.length === 0 ? 0 : 2, true])
    assert.deepEqual([second!.labels.length, second!.rejected, second!.cursor.exhausted], [0, 0, true])
  }
})

test('a lane from memory repeats or ends', { timeout: 60_000 }, async () => {
  const log = await writeLog('memory', bytes(small), {
    features: { ...logBins, numbers: { as: 'normalised', means: [], deviations: [] }, fields: 26, width: 13 },
  })
  const batch = (label: number, count: number) => ({
    labels: new Float32Array(count).fill(label),
    ids: new BigInt64Array(26 * count).fill(BigInt(label)),
    numbers: new Float32Array(13 * count).fill(label),
  })
  await withFeed(log, {}, async (feed) => {
    feed.setMemory(0, [batch(0, 3), batch(1, 2)], false)
    feed.setMemory(1, [batch(0, 3), batch(1, 2)], true)
    const lane = async (number: number) => {
      const seen: unknown[] = []
      for (let i = 0; i < 4; i++) {
        const { labels, ids, numbers, cursor } = await feed.nextBatch(number)
        seen.push([labels.length, labels[0], ids.length, numbers.length, cursor.exhausted])
      }
      return seen
    }
    const first = [3, 0, 78, 39, false]
    const second = [2, 1, 52, 26, false]
    const end = [0, undefined, 0, 0, true]
    assert.deepEqual(await lane(0), [first, second.with(4, true), end, end])
    assert.deepEqual(await lane(1), [first, second, first, second])
    assert.throws(() => feed.setMemory(0, [batch(1, 65)], true), { code: 'feed' })
    assert.throws(() => feed.setMemory(0, [{ ...batch(1, 2), ids: new BigInt64Array(3) }], true), { code: 'feed' })
  })
})
