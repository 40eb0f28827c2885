/** Files that vanish, change or are damaged under the log reader; readers that are closed while they are waited for; bounded memory. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { appendFileSync, readFileSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import type { NativePiece } from './binding.js'
import { randomLog } from './criteo-reference.js'
import { bytes, folder, laneBatches, logBins, native, small, withFeed, writeLog } from './feed-logs.test.support.js'

test('a file that vanished or changed after it was indexed is named by nextBatch', { timeout: 60_000 }, async () => {
  const path = (name: string) => join(folder, name)
  const error = (code: RegExp, name: string) => (thrown: Error & { code: string; kind: string }) => {
    assert.deepEqual([thrown.name, thrown.kind, code.test(thrown.code)], ['LossmithError', 'config', true], thrown.message)
    assert.ok(thrown.message.includes(path(name)), thrown.message)
    return true
  }
  const gone = await writeLog('gone', bytes(small))
  unlinkSync(path('gone'))
  await assert.rejects(laneBatches(gone, {}), error(/^file-missing$/, 'gone'))
  const short = await writeLog('short', bytes(small))
  truncateSync(path('short'), bytes(small).length - 5)
  await assert.rejects(laneBatches(short, {}), error(/^file-changed$/, 'short'))
  const other = await writeLog('other', bytes(small))
  writeFileSync(path('other'), bytes(small.slice(1)))
  await assert.rejects(laneBatches(other, {}), error(/^file-changed$/, 'other'))
  const grown = await writeLog('grown.gz', gzipSync(bytes(small)))
  appendFileSync(path('grown.gz'), 'x')
  await assert.rejects(laneBatches(grown, {}), error(/^file-changed$/, 'grown.gz'))
  const damaged = await writeLog('damaged.gz', gzipSync(bytes(small)))
  const content = gzipSync(bytes(small))
  writeFileSync(path('damaged.gz'), content.fill(0xff, content.length >> 1))
  await assert.rejects(laneBatches(damaged, {}), error(/^(gzip-corrupt|file-changed)$/, 'damaged.gz'))
  const points = await writeLog('points.gz', gzipSync(bytes(small)))
  writeFileSync(path('points.gz.points'), 'something else that is long enough')
  await assert.rejects(laneBatches(points, {}), error(/^points-corrupt$/, 'points.gz.points'))
})

test('a flipped byte among the access points of a gzip log is refused; the text never changes', { timeout: 60_000 }, async () => {
  const log = await writeLog('flipped.gz', gzipSync(bytes(small)))
  const wanted = await laneBatches(log, {})
  const path = join(folder, 'flipped.gz.points')
  const whole = readFileSync(path)
  let refused = 0
  for (let at = 0; at < whole.length; at += Math.ceil(whole.length / 60)) {
    const damaged = Buffer.from(whole)
    damaged[at]! ^= 0x10
    writeFileSync(path, damaged)
    try {
      // A window that no block is entered by may be damaged without harm.
      assert.deepEqual(await laneBatches(log, {}), wanted, `byte ${at} of ${whole.length}`)
    } catch (error) {
      if ((error as { code?: string }).code !== 'points-corrupt') throw error
      refused++
    }
  }
  assert.ok(refused > 30, `refused ${refused}`)
})

test('batches before the damage come first', { timeout: 60_000 }, async () => {
  const log = await writeLog('late', bytes(small))
  truncateSync(join(folder, 'late'), bytes(small).length - 5)
  await withFeed(log, {}, async (feed) => {
    feed.startEpoch(0, [{ lane: 0, pieces: log.pieces, cursor: null }])
    for (let i = 0; i < 5; i++) assert.equal((await feed.nextBatch(0)).labels.length, 64)
    const rest = async () => {
      for (;;) await feed.nextBatch(0)
    }
    await assert.rejects(rest(), { code: 'file-changed' })
    await assert.rejects(feed.nextBatch(0), { code: 'file-changed' })
  })
})

test('starting again, closing while a batch is waited for and asking after it never hang', { timeout: 60_000 }, async () => {
  const log = await writeLog('again', bytes(small))
  const pieces = Array<NativePiece[]>(200).fill(log.pieces).flat()
  const feed = native.createFeed({ source: log.source, laneBatch: 64, shuffleRows: 1_000_000, seed: 1 })
  await assert.rejects(feed.nextBatch(0), { code: 'feed-lane' })
  feed.startEpoch(0, [{ lane: 0, pieces, cursor: null }])
  feed.startEpoch(1, [{ lane: 1, pieces: log.pieces, cursor: null }])
  assert.equal((await feed.nextBatch(1)).labels.length, 64)
  await assert.rejects(feed.nextBatch(0), { code: 'feed-lane' })
  feed.startEpoch(2, [{ lane: 0, pieces, cursor: null }]) // a window of 140,000 lines
  const waiting = assert.rejects(feed.nextBatch(0), { code: 'feed-closed' })
  feed.close()
  await waiting
  await assert.rejects(feed.nextBatch(0), { code: 'feed-closed' })
  assert.throws(() => feed.startEpoch(3, []), { code: 'feed-closed' })
  feed.close()
})

test('memory does not grow with the log or with a line', { timeout: 60_000 }, async () => {
  const path = join(folder, 'big')
  const part = bytes(randomLog({ rows: 3000, seed: 8 }))
  const line = Buffer.alloc(1 << 20, 'z')
  for (let size = 0; size < 48 << 20; size += part.length) appendFileSync(path, part)
  for (let i = 0; i < 48; i++) appendFileSync(path, line)
  appendFileSync(path, '\n')
  appendFileSync(path, part)
  const script = `
    import { readFileSync } from 'node:fs'
    import { loadNative } from ${JSON.stringify(new URL('./binding.js', import.meta.url).href)}
    const peakMb = () => Number(/VmHWM:\\s+(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]) / 1024
    const native = loadNative()
    const [path, features] = [${JSON.stringify(path)}, ${JSON.stringify({ ...logBins, categories: { minCount: 4 } })}]
    const before = peakMb()
    const { blocks, lines } = await native.indexFile({ path, lanes: 8, maxBlockBytes: 1 << 22, pointsPath: '' })
    const pieces = blocks.map((block, id) => ({ ...block, id, skip: 0, take: block.lines, split: 'train' }))
    const source = { paths: [path], pointsPaths: [''], vocabularyPath: '', features }
    await native.countValues({ source, pieces, outPath: path + '.counts' })
    const feed = native.createFeed({ source, laneBatch: 512, shuffleRows: 2048, seed: 1 })
    feed.startEpoch(0, [{ lane: 0, pieces: pieces.filter((piece) => piece.offset + piece.bytes > 48 * 2 ** 20), cursor: null }])
    let rejected = 0
    for (let batch = await feed.nextBatch(0); ; batch = await feed.nextBatch(0)) {
      rejected += batch.rejected
      if (batch.cursor.exhausted) break
    }
    feed.close()
    console.log(JSON.stringify({ lines, rejected, grownMb: peakMb() - before }))`
  const { stdout, stderr, status } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8', timeout: 50_000 })
  assert.equal(status, 0, stderr)
  const { rejected, grownMb } = JSON.parse(stdout) as { rejected: number; grownMb: number }
  assert.equal(rejected, 1)
  assert.ok(grownMb < 32, `a log of 96 MB and a line of 48 MB took ${grownMb} MB`)
})
