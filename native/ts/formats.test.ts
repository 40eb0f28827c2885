import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { type FeaturePlan, featuresOf, type LogFormat } from '../../common/job/features.js'
import { philox, philoxKey, philoxUniform } from '../../model/philox.js'
import type { NativeBatch } from './binding.js'
import { mulberry32, randomLog, readReference, xxh64 } from './criteo-reference.js'
import { bytes, folder, ids, labels, laneBatches, native, readPieces, writeLog } from './feed-logs.test.support.js'
import { delimitedLog, libsvmLog, type ReferenceRow, readFormat } from './formats-reference.js'

const delimited = (delimiter: string): LogFormat => ({
  kind: 'delimited',
  delimiter,
  columns: ['id', 'price', 'click', 'site', 'age', 'the, device'],
  label: 'click',
  numbers: ['age', 'price'],
  categories: ['the, device', 'site'],
})
const planOf = (format: LogFormat, extra: Partial<FeaturePlan> = {}) =>
  featuresOf(format, { numbers: { as: 'log-bins' }, categories: { minCount: 1 }, rows: 2 ** 50 + 1, maxLineBytes: 4096, ...extra })

function assertSame(read: NativeBatch[], reference: readonly ReferenceRow[]): void {
  const rows = reference.filter(({ reject }) => reject === null)
  const bad = reference.filter(({ reject }) => reject !== null)
  const rejects = read.flatMap((batch) => batch.rejects)
  for (const [i, { line, reason }] of rejects.entries()) {
    assert.equal(line, bad[i]?.line, `line ${line}: ${reason}`)
    assert.ok(reason.includes(bad[i]!.reject!), `line ${line}: wanted "${bad[i]!.reject}", got "${reason}"`)
  }
  assert.equal(rejects.length, bad.length)
  assert.deepEqual(
    labels(read),
    rows.map(({ label }) => label),
  )
  assert.deepEqual(
    ids(read),
    rows.flatMap((row) => row.ids),
  )
  const numbers = read.flatMap((batch) => [...batch.numbers])
  const wanted = rows.flatMap((row) => row.numbers)
  assert.equal(numbers.length, wanted.length)
  // One rounding to float32, and log1p against log(1 + v).
  for (const [i, x] of numbers.entries()) assert.ok(Math.abs(x - wanted[i]!) <= 2e-7 * Math.max(1, Math.abs(wanted[i]!)), `${x} ${wanted[i]}`)
}

/** Plain, gzip, and gzip of two members that meet inside a line, or inside the header. */
const packings = (text: string, cut: number) => [
  bytes(text),
  gzipSync(bytes(text)),
  Buffer.concat([gzipSync(bytes(text.slice(0, cut))), gzipSync(bytes(text.slice(cut)))]),
]

test('delimited rows, rejects and reasons are those of the reference', { timeout: 60_000 }, async () => {
  let seed = 1
  for (const delimiter of [',', '\t', ';'])
    for (const ending of ['\n', '\r\n', 'mixed'] as const)
      for (const finalEnding of [true, false]) {
        const text = delimitedLog(delimiter, { rows: 400, draw: mulberry32(seed++), malformed: 0.15, ending, finalEnding })
        const features = planOf(delimited(delimiter))
        const reference = readFormat(text, features)
        assert.ok(reference.filter(({ reject }) => reject === null).length > 300)
        for (const content of packings(text, seed % 2 ? 5000 : 10))
          assertSame(await readPieces(await writeLog('log', content, { features })), reference)
      }
})

test('decimal numbers are normalised as integers are', { timeout: 60_000 }, async () => {
  const text = delimitedLog(',', { rows: 500, draw: mulberry32(77), malformed: 0.1 })
  const numbers = { as: 'normalised', means: [0.5, 1.5], deviations: [2, 0.7] } as const
  const features = planOf(delimited(','), { numbers })
  assert.deepEqual([features.fields, features.width], [2, 2])
  assertSame(await readPieces(await writeLog('log', bytes(text), { features })), readFormat(text, features))
})

test('cells in quotes, by example', { timeout: 60_000 }, async () => {
  const lines = [
    'id,price,click,site,age,"the, device"',
    '1,2.5,1,"a,b",3,"say ""hi"""',
    '2,"2.5","0",a"b,3,""',
    '3,1,0,"open,3,x',
    '4,1,0,"shut" ,3,x',
    '5,1,0,"""",3,"""a"""',
  ]
  const features = planOf(delimited(','))
  const read = await readPieces(await writeLog('log', Buffer.from(lines.join('\n')), { features }))
  const key = (text: string, field: number) => xxh64(Buffer.from(text), BigInt(field)) % BigInt(features.rows)
  assert.deepEqual(labels(read), [1, 0, 0])
  assert.deepEqual(
    ids(read),
    [
      ['1', '0', 'say "hi"', 'a,b'],
      ['1', '0', '', 'a"b'],
      ['1', 'S1', '"a"', '"'],
    ].flatMap((row) => row.map(key)),
  )
  assert.deepEqual(
    read.flatMap(({ rejects }) => rejects.map(({ line, reason }) => [line, reason])),
    [
      [4, "cell 4: wanted a closing quote, got the line's end"],
      [5, 'cell 4: wanted the cell\'s end after its closing quote, got " ,3,x"'],
    ],
  )
})

test('a log of Criteo with a header gives the ids of Criteo', { timeout: 60_000 }, async () => {
  const text = randomLog({ rows: 400, seed: 4 }).replaceAll('"', '~')
  const columns = ['label', ...Array.from({ length: 13 }, (_, j) => `I${j + 1}`), ...Array.from({ length: 26 }, (_, j) => `C${j + 1}`)]
  const format: LogFormat = {
    kind: 'delimited',
    delimiter: '\t',
    columns,
    label: 'label',
    numbers: columns.slice(1, 14),
    categories: columns.slice(14),
  }
  const criteo = planOf({ kind: 'criteo' })
  const named = planOf(format)
  assert.deepEqual(named.names, criteo.names)
  const read = await readPieces(await writeLog('log', bytes(`${columns.join('\t')}\n${text}`), { features: named }))
  assert.deepEqual(
    ids(read),
    readReference(text, criteo).flatMap((row) => row.ids),
  )
})

test('libsvm rows, rejects and reasons are those of the reference', { timeout: 60_000 }, async () => {
  const features = planOf({ kind: 'libsvm', fields: 5 })
  assert.deepEqual(features.names, ['1', '2', '3', '4', '5'])
  let seed = 30
  for (const ending of ['\n', '\r\n', 'mixed'] as const)
    for (const finalEnding of [true, false]) {
      const text = libsvmLog(5, { rows: 500, draw: mulberry32(seed++), malformed: 0.15, ending, finalEnding })
      const reference = readFormat(text, features)
      assert.ok(reference.filter(({ reject }) => reject === null).length > 300)
      for (const content of packings(text, 3000)) assertSame(await readPieces(await writeLog('log', content, { features })), reference)
    }
})

test('a row that is not one-hot is refused with what is wanted', { timeout: 60_000 }, async () => {
  const lines = ['1 3:1 9:1', '-1 3:1 9:0.5', '0 3:1', '+1 3:1 9:1 12:1', '0.5 3:1 9:1', '1 3:1 nine:1', '0 4:1 9:1']
  const read = await readPieces(await writeLog('log', bytes(lines.join('\n')), { features: planOf({ kind: 'libsvm', fields: 2 }) }))
  assert.deepEqual(labels(read), [1, 0])
  assert.deepEqual(
    read.flatMap(({ rejects }) => rejects.map(({ line, reason }) => [line, reason])),
    [
      [2, 'entry 2: wanted the value 1 (features are one-hot), got "9:0.5"'],
      [3, 'wanted 2 entries index:1 (data.fields), got 1'],
      [4, 'wanted 2 entries index:1 (data.fields), got 3'],
      [5, 'label: wanted -1, 0 or 1, got "0.5"'],
      [6, 'entry 2: wanted index:1, got "nine:1"'],
    ],
  )
})

test('labels of classes count from the first', { timeout: 60_000 }, async () => {
  const cells = ['3', '1', '5', '0', '6', '-1', '4.0', '', '2', '99999999999999999999']
  const csv = `rating,item\n${cells.map((cell) => `${cell},x\n`).join('')}`
  const format: LogFormat = { kind: 'delimited', delimiter: ',', columns: ['rating', 'item'], label: 'rating', numbers: [], categories: ['item'] }
  for (const [firstClass, classes] of [
    [1, 5],
    [-1, 8],
    [0, 2],
  ] as const) {
    const features = planOf(format, { classes, firstClass })
    const read = await readPieces(await writeLog('log', bytes(csv), { features }))
    assertSame(read, readFormat(csv, features))
    const range = `label: wanted a whole number from ${firstClass} to ${firstClass + classes - 1}, got "4.0"`
    assert.ok(read.flatMap(({ rejects }) => rejects).some(({ reason }) => reason === range))
  }
  const libsvm = planOf({ kind: 'libsvm', fields: 1 }, { classes: 3, firstClass: 1 })
  const read = await readPieces(await writeLog('log', bytes('1 7:1\n3 8:1\n4 8:1\n-1 8:1\n'), { features: libsvm }))
  assert.deepEqual(labels(read), [0, 2])
})

test('the header is in no block, whatever it is packed in', { timeout: 60_000 }, async () => {
  const row = '1,abc\n'
  const rows = row.repeat(50_000)
  // Longer than a deflate block, so that access points lie inside it.
  const draw = mulberry32(5)
  const long = `click,${Array.from({ length: 60_000 }, () => Math.floor(draw() * 36).toString(36)).join('')}`
  for (const header of ['click,site', `\ufeffclick,site`, long])
    for (const end of ['\n', '\r\n'])
      for (const gzip of [false, true]) {
        const text = Buffer.from(header + end + rows)
        const path = join(folder, 'header')
        writeFileSync(path, gzip ? gzipSync(text) : text)
        const { blocks, ...facts } = await native.indexFile({ path, lanes: 2, maxBlockBytes: 4096, header: true, pointsPath: `${path}.points` })
        assert.deepEqual(facts, { textBytes: text.length, lines: 50_000, gzip, header })
        assert.deepEqual([blocks[0]!.offset, blocks[0]!.firstLine], [Buffer.byteLength(header + end), 1])
        let [offset, line] = [blocks[0]!.offset, 1]
        for (const block of blocks) {
          assert.deepEqual([block.offset, block.firstLine, block.bytes], [offset, line, block.lines * row.length])
          offset += block.bytes
          line += block.lines
        }
        assert.equal(line, 50_001)
        const format: LogFormat = { kind: 'delimited', delimiter: ',', columns: ['click', 'site'], label: 'click', numbers: [], categories: ['site'] }
        const source = { paths: [path], pointsPaths: [gzip ? `${path}.points` : ''], vocabularyPath: '', features: planOf(format) }
        const pieces = [0, 1, blocks.length - 1].map((i) => ({ ...blocks[i]!, id: i, skip: 0, take: blocks[i]!.lines, split: 'train' }))
        const read = await readPieces({ source, pieces })
        assert.deepEqual(
          read.map((batch) => [batch.labels.length, batch.rejected]),
          pieces.map(({ lines }) => [lines, 0]),
        )
      }
})

test('a file without rows, or without an end of its header, is refused by name', { timeout: 60_000 }, async () => {
  const refused = async (name: string, text: string, code: string) => {
    const path = join(folder, name)
    writeFileSync(path, text)
    const index = native.indexFile({ path, lanes: 1, maxBlockBytes: 4096, header: true, pointsPath: `${path}.points` })
    await assert.rejects(index, (error: Error & { code: string; kind: string }) => {
      assert.deepEqual([error.kind, error.code, error.message.includes(path)], ['config', code, true], error.message)
      return true
    })
  }
  await refused('only-header.csv', 'click,site\n', 'empty-input')
  await refused('no-line-end.csv', 'click,site', 'empty-input')
  await refused('no-header.csv', `${'x'.repeat((1 << 20) + 1)}\n1,2\n`, 'data-header')
})

test('a lane of a delimited log entered at any cursor gives what would have followed', { timeout: 60_000 }, async () => {
  const features = planOf(delimited(','))
  const text = delimitedLog(',', { rows: 500, draw: mulberry32(9), malformed: 0.1, ending: 'mixed' })
  const fraction = { seed: 9, validation: 0.2, test: 0.1 }
  for (const [content, extra] of [
    [bytes(text), { fraction }],
    [gzipSync(bytes(text)), {}],
  ] as const) {
    const log = await writeLog('log', content, { features, ...extra })
    for (const shuffleRows of [0, 10, 100, 5000]) {
      const batches = await laneBatches(log, { shuffleRows })
      const rows = batches.reduce((sum, batch) => sum + batch.labels.length + batch.rejected + batch.heldOut, 0)
      assert.equal(rows, 500)
      for (const [i, batch] of batches.entries()) {
        const rest = batch.cursor.exhausted ? [] : await laneBatches(log, { shuffleRows }, batch.cursor)
        assert.deepEqual(rest, batches.slice(i + 1), `shuffleRows ${shuffleRows}, after batch ${i}`)
      }
    }
  }
})

test('held-out rows are told apart, and drawn by their line in the file, header included', { timeout: 60_000 }, async () => {
  const features = planOf(delimited(','))
  const text = delimitedLog(',', { rows: 1500, draw: mulberry32(10), malformed: 0.05 })
  const fraction = { seed: 11, validation: 0.1, test: 0.25 }
  const log = await writeLog('log', bytes(text), { features, fraction })
  const splitOf = ({ line }: ReferenceRow) => {
    const uniform = philoxUniform(philox([line, 0, 0, 0], philoxKey(11n, 'split'))[0])
    return uniform < 0.25 ? 'test' : uniform < 0.25 + 0.1 ? 'validation' : 'train'
  }
  const reference = readFormat(text, features)
  const of = (split: string) => reference.filter((row) => splitOf(row) === split)
  assertSame(await readPieces(log), of('train'))
  const batches = await laneBatches(log, { shuffleRows: 100 })
  const total = (what: 'rejected' | 'heldOut' | 'heldOutTest') => batches.reduce((sum, batch) => sum + batch[what], 0)
  assert.deepEqual([total('heldOut'), total('heldOutTest')], [of('validation').length + of('test').length, of('test').length])
})

test('a survey counts labels and the values of fields with their rows', { timeout: 60_000 }, async () => {
  const features = planOf(delimited(','), { rows: 50 })
  const text = delimitedLog(',', { rows: 800, draw: mulberry32(12), malformed: 0.1 })
  const rows = readFormat(text, features).filter(({ reject }) => reject === null)
  const log = await writeLog('log', gzipSync(bytes(text)), { features })
  const survey = await native.survey({ ...log, fields: [3, 0], limit: 1000 })
  assert.equal(survey.examples, rows.length)
  assert.deepEqual(
    survey.classCounts,
    [0, 1].map((label) => rows.filter((row) => row.label === label).length),
  )
  for (const [i, field] of [3, 0].entries()) {
    const seen = new Map<string, { row: number; count: number }>()
    for (const { ids, texts } of rows) {
      const text = Buffer.from(texts[field]!, 'latin1').toString()
      seen.set(text, { row: Number(ids[field]), count: (seen.get(text)?.count ?? 0) + 1 })
    }
    const wanted = [...seen].map(([text, of]) => ({ text, ...of }))
    const sorted = (values: typeof wanted) => [...values].sort((a, b) => (a.text < b.text ? -1 : 1))
    assert.deepEqual({ ...survey.fields[i]!, values: sorted(survey.fields[i]!.values) }, { field, values: sorted(wanted), more: false })
    const few = await native.survey({ ...log, fields: [field], limit: 5 })
    assert.deepEqual([few.fields[0]!.values.length, few.fields[0]!.more], [5, true])
  }
  await assert.rejects(native.survey({ ...log, fields: [4], limit: 5 }), { code: 'features' })
})

test('a survey sees values that the vocabulary lacks as one', { timeout: 60_000 }, async () => {
  const format: LogFormat = { kind: 'libsvm', fields: 2 }
  const features = planOf(format, { classes: 3 })
  const vocabularyPath = join(folder, 'vocabulary')
  writeFileSync(vocabularyPath, new BigUint64Array([1n, xxh64(Buffer.from('7'), 1n)]))
  const log = await writeLog('log', bytes('0 1:1 7:1\n2 1:1 8:1\n2 1:1 9:1\n'), { features, vocabularyPath })
  const { classCounts, fields } = await native.survey({ ...log, fields: [1], limit: 10 })
  assert.deepEqual(classCounts, [1, 0, 2])
  const row = (text: string) => Number(xxh64(Buffer.from(text), 1n) % BigInt(features.rows))
  assert.deepEqual(fields[0]!.values, [
    { text: '(rare)', row: row('\tRARE'), count: 2 },
    { text: '7', row: row('7'), count: 1 },
  ])
})
