/** What the log reader makes of lines: rows, rejects and their reasons, number formats, cuts of blocks, a real log; against a reader written out in TypeScript. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { gunzipSync, gzipSync } from 'node:zlib'
import type { FeaturePlan } from '../../common/job/features.js'
import { randomLog, readReference, xxh64 } from './criteo-reference.js'
import { bytes, ids, labels, laneBatches, logBins, readPieces, small, withFeed, writeLog } from './feed-logs.test.support.js'

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

test('several pieces are read at once', { timeout: 60_000 }, async () => {
  const log = await writeLog('parallel', gzipSync(bytes(small)))
  const wanted = await readPieces(log)
  await withFeed(log, {}, async (feed) => assert.deepEqual(await Promise.all(log.pieces.map((piece) => feed.readPiece(piece))), wanted))
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
