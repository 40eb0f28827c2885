import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { gunzipSync, gzipSync } from 'node:zlib'
import { NoisySlice } from './noisy-slice.js'
import { type NoisySliceOptions, writeNoisySlice, writeSliceOfLog } from './write-noisy-slice.js'

const options = {
  ...{ seed: 3, rows: 20_000, fields: 10, values: 2000, positiveRate: 0.25, auc: 0.8, test: 0.1 },
  ...{ sliceShare: 0.4, flipRate: 0.3, clean: 0.2 },
}

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'lossmith-synth-'))
  t.after(() => rmSync(path, { recursive: true }))
  return path
}

const cellsOf = (text: string, delimiter = ',') =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => line.split(delimiter))

async function write(path: string, more: Partial<NoisySliceOptions> = {}) {
  const facts = await writeNoisySlice({ ...options, out: path, ...more })
  const bytes = readFileSync(path)
  return { facts, text: (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString() }
}

test('labels are flipped at their rate, in the slice, in the first part, and nothing else differs from the log without flips', async (t) => {
  const out = folder(t)
  const { facts, text } = await write(join(out, 'noisy.csv'))
  const truth = cellsOf((await write(join(out, 'true.csv.gz'), { flipRate: 0 })).text)
  const [header, ...rows] = cellsOf(text)
  assert.deepEqual(header, ['label', 'N1', 'N2', 'N3', 'N4', ...Array.from({ length: 12 }, (_, i) => `C${i + 1}`), ...header!.slice(17)])
  assert.deepEqual(header!.slice(17), ['slice', 'shuffled', 'decoy1', 'decoy2', 'decoy3'])
  assert.deepEqual(header, truth[0])
  assert.equal(rows.length, 20_000)
  let flips = 0
  let slice = 0
  for (const [i, [label, ...cells]] of rows.entries()) {
    const [trueLabel, ...others] = truth[i + 1]!
    assert.deepEqual(cells, others)
    slice += Number(cells[16] === 'noisy')
    if (label === trueLabel) continue
    flips++
    assert.ok(cells[16] === 'noisy' && i < 16_000, `row ${i} is flipped`)
  }
  // Five deviations of a share of 20,000 and of 6,400 draws.
  assert.ok(Math.abs(slice / 20_000 - 0.4) < 0.018, `${slice} in the slice`)
  assert.ok(Math.abs(flips / (0.4 * 16_000) - 0.3) < 0.03, `${flips} flips`)
  assert.equal(facts.flips, flips)
  assert.equal(facts.positiveRate, rows.filter(([label]) => label === '1').length / 20_000)
  assert.deepEqual(facts.slice, { column: 'slice', noisy: 'noisy', clean: 'clean', share: 0.4, flipRate: 0.3, flippedRows: 15_999 })
  assert.deepEqual(JSON.parse(readFileSync(join(out, 'noisy.csv.truth.json'), 'utf8')), facts)
})

test('slice, its shuffled copy and decoys say nothing of the click or of each other', async (t) => {
  const { text } = await write(join(folder(t), 'log.tsv'), { flipRate: 0 })
  const [, ...rows] = cellsOf(text, '\t')
  const share = (some: readonly string[][], has: (row: readonly string[]) => boolean) => some.filter(has).length / some.length
  const noisy = rows.filter((row) => row[17] === 'noisy')
  assert.ok(Math.abs(share(noisy, (row) => row[0] === '1') - share(rows, (row) => row[0] === '1')) < 0.02)
  assert.ok(Math.abs(share(noisy, (row) => row[18] === 'noisy') - 0.4) < 0.03)
  for (const [column, values] of [
    [19, 2],
    [20, 5],
    [21, 12],
  ] as const) {
    assert.equal(new Set(rows.map((row) => row[column])).size, values)
    assert.ok(Math.abs(share(noisy, (row) => row[column] === 'd0') - 1 / values) < 0.03)
  }
})

test('what a model can reach: with flips taken for true it is worse, by nothing where there are none', async (t) => {
  const out = folder(t)
  const { facts } = await write(join(out, 'a.csv'))
  assert.equal(facts.testRows, 2000)
  assert.ok(facts.noisyLogloss > facts.bestLogloss + 0.01 && facts.noisyAuc < facts.bestAuc, JSON.stringify(facts))
  const { facts: clean } = await write(join(out, 'b.csv'), { sliceShare: 0 })
  assert.equal(clean.noisyAuc, clean.bestAuc)
  assert.equal(clean.noisyLogloss, clean.bestLogloss)
  assert.equal(clean.bestLogloss, facts.bestLogloss)
  // Where all labels are in the slice and half of them are flipped, they say nothing: ln 2.
  const { facts: lost } = await write(join(out, 'c.csv'), { sliceShare: 1, flipRate: 0.5 })
  assert.ok(Math.abs(lost.noisyLogloss - Math.LN2) < 1e-12)
})

test('the clean part covers a validation and a test split, however they are rounded', () => {
  for (let rows = 1; rows < 300; rows++) {
    const slice = new NoisySlice({ seed: 1, rows, sliceShare: 1, flipRate: 1, clean: 0.2 })
    const flips = Array.from({ length: rows }, () => slice.next(0).label).lastIndexOf(1) + 1
    assert.ok(flips <= rows - 2 * Math.round(rows * 0.1), `${rows} rows: ${flips} flipped`)
  }
})

test('a log in Criteo format gets slice, decoys and flips; lines that are no rows are left out', async (t) => {
  const out = folder(t)
  const cells = Array.from({ length: 39 }, (_, i) => (i === 4 ? '' : i === 5 ? '-1' : i === 20 ? 'a,"b' : `v${i}`))
  const row = (label: string, end = '\n') => `${[label, ...cells].join('\t')}${end}`
  const log = `${row('1')}${row('0', '\r\n')}short\t1\n${row('2')}\n${row('0').repeat(97)}${row('1', '')}`
  for (const [name, bytes] of [
    ['log.tsv', Buffer.from(log)],
    ['log.tsv.gz', gzipSync(log)],
  ] as const) {
    writeFileSync(join(out, name), bytes)
    const facts = await writeSliceOfLog({ ...options, from: join(out, name), out: join(out, 'noisy.csv') })
    assert.deepEqual([facts.rows, facts.skipped, facts.slice.flippedRows], [100, 3, 79])
    const lines = readFileSync(join(out, 'noisy.csv'), 'utf8').trimEnd().split('\n')
    assert.equal(lines.length, 101)
    assert.match(lines[0]!, /^label,N1,.*,N13,C1,.*,C26,slice,shuffled,decoy1,decoy2,decoy3$/)
    const slice = new NoisySlice({ ...options, rows: 100 })
    for (const [i, line] of lines.slice(1).entries()) {
      const { label, cells: added } = slice.next(i === 0 || i === 99 ? 1 : 0)
      assert.equal(line, [label, ...cells.map((cell) => (cell === 'a,"b' ? '"a,""b"' : cell)), ...added].join(','))
    }
  }
  const first = await writeSliceOfLog({ ...options, rows: 10, from: join(out, 'log.tsv'), out: join(out, 'ten.csv') })
  assert.deepEqual([first.rows, readFileSync(join(out, 'ten.csv'), 'utf8').trimEnd().split('\n').length], [10, 11])
})

test('a log that cannot be read is refused by name and leaves nothing behind', async (t) => {
  const out = folder(t)
  const zipped = gzipSync(Buffer.from(`1${'\tx'.repeat(39)}\n`.repeat(5000)))
  const broken = Buffer.from(zipped)
  broken.fill(0xff, 20, 40)
  writeFileSync(join(out, 'short.gz'), zipped.subarray(0, -200))
  writeFileSync(join(out, 'broken.gz'), broken)
  writeFileSync(join(out, 'empty'), 'no row\n')
  for (const [name, code] of [
    ['short.gz', 'gzip-truncated'],
    ['broken.gz', 'gzip-corrupt'],
    ['empty', 'empty-input'],
    ['none', 'file-missing'],
  ] as const) {
    const { rows: _, ...all } = options
    await assert.rejects(writeSliceOfLog({ ...all, from: join(out, name), out: join(out, 'out.csv') }), { kind: 'config', code })
  }
  assert.deepEqual(readdirSync(out).sort(), ['broken.gz', 'empty', 'short.gz'])
})
