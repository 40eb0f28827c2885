import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { gunzipSync, gzipSync } from 'node:zlib'
import { type FeaturePlan, featuresOf } from '../../common/job/features.js'
import { philox, philoxKey, philoxUniform } from '../../model/philox.js'
import { type Feed, type FeedOptions, loadNative, type NativeBatch, type NativeCursor, type NativePiece, type NativeSource } from './binding.js'
import { randomLog, readReference, xxh64 } from './criteo-reference.js'

const native = loadNative()
const folder = mkdtempSync(join(tmpdir(), 'lossmith-feed-'))
after(() => rmSync(folder, { recursive: true }))

const logBins = featuresOf(
  { kind: 'criteo' },
  {
    numbers: { as: 'log-bins' },
    categories: { minCount: 1 },
    rows: 2 ** 50 + 1, // no power of two
    maxLineBytes: 4096,
  },
)

interface Log {
  source: NativeSource
  pieces: NativePiece[]
}

async function writeLog(name: string, content: Uint8Array, extra: Partial<NativeSource> = {}): Promise<Log> {
  const path = join(folder, name)
  const pointsPath = `${path}.points`
  writeFileSync(path, content)
  const { blocks, gzip } = await native.indexFile({ path, lanes: 1, maxBlockBytes: 1 << 20, pointsPath })
  return {
    source: { paths: [path], pointsPaths: [gzip ? pointsPath : ''], vocabularyPath: '', features: logBins, ...extra },
    pieces: blocks.map((block, id) => ({ ...block, id, skip: 0, take: block.lines, split: 'train' })),
  }
}

async function withFeed<T>(log: Log, options: Partial<FeedOptions>, use: (feed: Feed) => Promise<T>): Promise<T> {
  const feed = native.createFeed({ source: log.source, laneBatch: 64, shuffleRows: 0, seed: 1, ...options })
  try {
    return await use(feed)
  } finally {
    feed.close()
  }
}

/** Every batch of a lane, from a cursor on. The last one says that the lane is exhausted. */
function laneBatches(log: Log, options: Partial<FeedOptions>, cursor: NativeCursor | null = null, epoch = 0, lane = 0): Promise<NativeBatch[]> {
  return withFeed(log, options, async (feed) => {
    feed.startEpoch(epoch, [{ lane, pieces: log.pieces, cursor }])
    const batches: NativeBatch[] = []
    do batches.push(await feed.nextBatch(lane))
    while (!batches.at(-1)!.cursor.exhausted)
    return batches
  })
}

const readPieces = (log: Log): Promise<NativeBatch[]> =>
  withFeed(log, {}, async (feed) => {
    const batches: NativeBatch[] = []
    for (const piece of log.pieces) batches.push(await feed.readPiece(piece))
    return batches
  })

const labels = (batches: NativeBatch[]) => batches.flatMap((batch) => [...batch.labels])
const ids = (batches: NativeBatch[]) => batches.flatMap((batch) => [...batch.ids])
const total = (batches: NativeBatch[], what: 'rejected' | 'heldOut') => batches.reduce((sum, batch) => sum + batch[what], 0)

/** One string a row, to compare rows in any order. */
const rowsOf = (batches: NativeBatch[], fields = 39) =>
  batches.flatMap((batch) => [...batch.labels].map((label, i) => `${label}:${batch.ids.slice(i * fields, (i + 1) * fields).join()}`))

const small = randomLog({ rows: 700, seed: 2, ending: 'mixed', malformed: 0.1 })
const bytes = (text: string) => Buffer.from(text, 'latin1')

test('rows, rejects and reasons are those of the reference', { timeout: 60_000 }, async () => {
  for (const ending of ['\n', '\r\n', 'mixed'] as const) {
    for (const finalEnding of [true, false]) {
      const text = randomLog({ rows: 500, seed: 3, ending, malformed: 0.1, finalEnding })
      const reference = readReference(text, logBins)
      const rows = reference.filter(({ reject }) => reject === null)
      const bad = reference.filter(({ reject }) => reject !== null)
      for (const content of [
        bytes(text),
        gzipSync(bytes(text)),
        Buffer.concat([gzipSync(bytes(text.slice(0, 5000))), gzipSync(bytes(text.slice(5000)))]),
      ]) {
        const read = await readPieces(await writeLog('reference', content))
        assert.deepEqual(
          labels(read),
          rows.map(({ label }) => label),
        )
        assert.deepEqual(
          ids(read),
          rows.flatMap((row) => row.ids),
        )
        const rejects = read.flatMap((batch) => batch.rejects)
        assert.deepEqual(
          rejects.map(({ file, line }) => [file, line]),
          bad.map(({ line }) => [0, line]),
        )
        for (const [i, { reason, text }] of rejects.entries()) {
          assert.ok(reason.includes(bad[i]!.reject!), `line ${bad[i]!.line}: wanted "${bad[i]!.reject}", got "${reason}"`)
          assert.ok(Buffer.byteLength(text, 'latin1') <= 200)
        }
      }
    }
  }
})

test('a malformed line is reported with its number, what was wanted and its first bytes', { timeout: 60_000 }, async () => {
  const cells = ['1', ...Array<string>(13).fill('5'), ...Array<string>(26).fill('ab')]
  const lines = [
    cells,
    cells.slice(1),
    cells.with(0, '2'),
    cells.with(3, 'abc'),
    cells.with(13, '99999999999999999999'),
    cells.with(20, 'é'.repeat(3000)),
    cells,
  ]
  const text = lines.map((line) => line.join('\t')).join('\r\n')
  const read = await readPieces(await writeLog('reasons', Buffer.from(text)))
  assert.deepEqual(labels(read), [1, 1])
  const rejects = read.flatMap((batch) => batch.rejects)
  const [columns, label, number, large, long] = rejects
  assert.deepEqual(columns, { file: 0, line: 2, reason: 'wanted 40 columns, got 39', text: lines[1]!.join('\t') })
  assert.deepEqual([label!.line, label!.reason], [3, 'label: wanted 0 or 1, got "2"'])
  assert.deepEqual([number!.line, number!.reason], [4, 'I3: wanted an integer, got "abc"'])
  assert.deepEqual([large!.line, large!.reason], [5, 'I13: wanted an integer of 64 bits, got "99999999999999999999"'])
  assert.equal(long!.line, 6)
  assert.match(long!.reason, /wanted a line of at most 4096 bytes \(maxLineBytes\), got 6\d+/)
  assert.ok(Buffer.byteLength(long!.text) <= 200 && Buffer.byteLength(long!.text) > 196 && !long!.text.includes('\ufffd'), 'cut between characters')
})

test('log-bins are floor(ln(v)²) above 2, the value itself up to 2, missing its own', { timeout: 60_000 }, async () => {
  const values = [
    '',
    '0',
    '1',
    '2',
    '-1',
    '-12',
    '3',
    '7',
    '20',
    '54',
    '55',
    '148',
    '1000',
    '1023',
    '1024',
    '1025',
    '123456789',
    '9223372036854775807',
  ]
  // python3: [int(math.log(v) ** 2) for v in (3, 7, 20, 54, 55, 148, 1000, 1023, 1024, 1025, 123456789, 2**63 - 1)]
  const bins = [1, 3, 8, 15, 16, 24, 47, 48, 48, 48, 347, 1906]
  const tokens = ['NA', 'S0', 'S1', 'S2', 'S-1', 'S-12', ...bins.map(String)]
  const text = values.map((value) => `0\t${Array(13).fill(value).join('\t')}${'\t'.repeat(26)}\n`).join('')
  const read = ids(await readPieces(await writeLog('bins', bytes(text))))
  for (const [i, token] of tokens.entries())
    for (let j = 0; j < 13; j++)
      assert.equal(read[39 * i + j], xxh64(Buffer.from(token), BigInt(j)) % BigInt(logBins.rows), `${values[i]} in I${j + 1}`)
})

test('normalised numbers are (ln(1 + max(v, 0)) − mean) / deviation, 0 where missing', { timeout: 60_000 }, async () => {
  const means = Array.from({ length: 13 }, (_, j) => j / 3)
  const deviations = Array.from({ length: 13 }, (_, j) => 1 + j / 5)
  const features: FeaturePlan = { ...logBins, numbers: { as: 'normalised', means, deviations }, fields: 26, width: 13, rows: 1 << 18 }
  const read = await readPieces(await writeLog('normalised', bytes(small), { features }))
  const rows = readReference(small, features).filter(({ reject }) => reject === null)
  assert.deepEqual(
    ids(read),
    rows.flatMap((row) => row.ids),
  )
  const wanted = rows.flatMap((row) => row.numbers)
  const got = read.flatMap((batch) => [...batch.numbers])
  assert.equal(got.length, wanted.length)
  for (const [i, value] of got.entries()) assert.ok(Math.abs(value - wanted[i]!) <= 2e-7 * Math.max(1, Math.abs(wanted[i]!)), `${value} ${wanted[i]}`)
})

test('plans that contradict themselves are refused', { timeout: 60_000 }, async () => {
  const plans: FeaturePlan[] = [
    { ...logBins, numbers: { as: 'normalised' }, fields: 26, width: 13 },
    { ...logBins, fields: 26 },
    { ...logBins, rows: 0 },
  ]
  for (const features of plans) {
    const log = await writeLog('plans', bytes(small), { features })
    await assert.rejects(readPieces(log), { name: 'LossmithError', kind: 'config', code: 'features' })
  }
})

test('skip and take cut a block; rejects keep their line in the file', { timeout: 60_000 }, async () => {
  const log = await writeLog('cut', gzipSync(bytes(small)))
  const lines = readReference(small, logBins)
  const first = log.pieces.slice(0, 3).reduce((sum, piece) => sum + piece.lines, 0)
  const piece = log.pieces[3]!
  for (const [skip, take] of [
    [0, 0],
    [1, piece.lines - 1],
    [2, 1],
    [0, piece.lines - 1],
  ] as const) {
    const read = await readPieces({ ...log, pieces: [{ ...piece, skip, take }] })
    const wanted = lines.slice(first + skip, first + skip + take)
    assert.deepEqual(
      ids(read),
      wanted.flatMap((row) => row.ids.slice(0, row.reject === null ? 39 : 0)),
    )
    assert.deepEqual(
      read.flatMap(({ rejects }) => rejects.map(({ line }) => line)),
      wanted.filter(({ reject }) => reject !== null).map(({ line }) => line),
    )
  }
})

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

test('several pieces are read at once', { timeout: 60_000 }, async () => {
  const log = await writeLog('parallel', gzipSync(bytes(small)))
  const wanted = await readPieces(log)
  await withFeed(log, {}, async (feed) => assert.deepEqual(await Promise.all(log.pieces.map((piece) => feed.readPiece(piece))), wanted))
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

const criteo = fileURLToPath(new URL('../../../../shared/data/criteo-70k.tsv.gz', import.meta.url))
test('the Criteo sample is read whole', { skip: existsSync(criteo) ? false : `no ${criteo}`, timeout: 60_000 }, async () => {
  const content = readFileSync(criteo)
  const lines = gunzipSync(content).toString('latin1').trimEnd().split('\n')
  const log = await writeLog('criteo.gz', content)
  const batches = await laneBatches(log, { laneBatch: 512, shuffleRows: 4096 })
  assert.equal(labels(batches).length, lines.length)
  assert.equal(
    labels(batches).reduce((sum, label) => sum + label, 0),
    lines.filter((line) => line.startsWith('1')).length,
  )
})
