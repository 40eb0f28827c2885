import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { featuresOf } from '../../common/job/features.js'
import { loadNative, type NativePiece, type NativeSource } from './binding.js'
import { type ReferenceLine, randomLog, readReference, xxh64 } from './criteo-reference.js'

const native = loadNative()
const folder = mkdtempSync(join(tmpdir(), 'lossmith-count-'))
after(() => rmSync(folder, { recursive: true }))

const features = featuresOf(
  { kind: 'criteo' },
  {
    numbers: { as: 'log-bins' },
    categories: { minCount: 4 },
    rows: 2 ** 50 + 1,
    maxLineBytes: 4096,
  },
)
const text = randomLog({ rows: 3000, seed: 7, ending: 'mixed', malformed: 0.05 })
const reference = readReference(text, features)

async function source(name: string, gzip: boolean, extra: Partial<NativeSource> = {}): Promise<{ source: NativeSource; pieces: NativePiece[] }> {
  const path = join(folder, name)
  const pointsPath = `${path}.points`
  writeFileSync(path, gzip ? gzipSync(Buffer.from(text, 'latin1')) : Buffer.from(text, 'latin1'))
  const { blocks } = await native.indexFile({ path, lanes: 1, maxBlockBytes: 1 << 20, pointsPath })
  return {
    source: { paths: [path], pointsPaths: [gzip ? pointsPath : ''], vocabularyPath: '', features, ...extra },
    pieces: blocks.map((block, id) => ({ ...block, id, skip: 0, take: block.lines, split: 'train' })),
  }
}

function readCounts(path: string) {
  const bytes = readFileSync(path)
  const words = new BigUint64Array(bytes.buffer, bytes.byteOffset, bytes.length / 8)
  const moments = new Float64Array(words.buffer, words.byteOffset + 8, 39)
  const keys = Number(words[40])
  assert.equal(words[0], 13n)
  assert.equal(words.length, 41 + 2 * keys)
  return { moments: [...moments], keys: [...words.slice(41, 41 + keys)], counts: [...words.slice(41 + keys)].map(Number) }
}

function referenceCounts(lines: ReferenceLine[]) {
  const seen = new Map<bigint, number>()
  const moments = new Array<number>(39).fill(0)
  for (const { reject, categoryKeys, values } of lines) {
    if (reject !== null) continue
    for (const key of categoryKeys) seen.set(key, (seen.get(key) ?? 0) + 1)
    for (const [j, value] of values.entries()) {
      if (value === null) continue
      const x = Math.log(1 + Math.max(Number(value), 0))
      for (const [k, term] of [1, x, x * x].entries()) moments[3 * j + k]! += term
    }
  }
  const sorted = [...seen].sort(([a], [b]) => (a < b ? -1 : 1))
  return { moments, keys: sorted.map(([key]) => key), counts: sorted.map(([, count]) => count) }
}

function assertCounts(got: ReturnType<typeof readCounts>, wanted: ReturnType<typeof readCounts>): void {
  assert.deepEqual(got.keys, wanted.keys)
  assert.deepEqual(got.counts, wanted.counts)
  // Terms are rounded to 2⁻¹⁶ and 2⁻¹², so that sums are exact in any order.
  for (const [i, sum] of got.moments.entries()) assert.ok(Math.abs(sum - wanted.moments[i]!) <= 1e-5 + 1e-5 * wanted.moments[i]!, `moment ${i}`)
}

test('the reference hash gives the published vectors of XXH64', () => {
  const vectors = [
    ['', 0xef46db3751d8e999n],
    ['a', 0xd24ec4f1a98c6e5bn],
    ['abc', 0x44bc2cf5ad770999n],
    ['Nobody inspects the spammish repetition', 0xfbcea83c8a378bf1n],
  ] as const
  for (const [value, hash] of vectors) assert.equal(xxh64(Buffer.from(value), 0n), hash)
})

test('counts and moments are those of the reference, plain and gzip', { timeout: 60_000 }, async () => {
  const wanted = referenceCounts(reference)
  for (const gzip of [false, true]) {
    const log = await source(`log-${gzip}`, gzip)
    const outPath = join(folder, `counts-${gzip}`)
    await native.countValues({ ...log, outPath })
    assertCounts(readCounts(outPath), wanted)
  }
})

test('pieces dealt to two workers add up to the same bytes', { timeout: 60_000 }, async () => {
  const log = await source('dealt', false)
  const whole = join(folder, 'whole')
  await native.countValues({ ...log, outPath: whole })
  const parts: ReturnType<typeof readCounts>[] = []
  for (const worker of [0, 1]) {
    const outPath = join(folder, `part-${worker}`)
    await native.countValues({ source: log.source, pieces: log.pieces.filter(({ id }) => id % 2 === worker), outPath })
    parts.push(readCounts(outPath))
  }
  const { moments } = readCounts(whole)
  assert.deepEqual(
    parts[0]!.moments.map((sum, i) => sum + parts[1]!.moments[i]!),
    moments,
  )
})

test('only rows of the piece are counted: skip, take and the draw of its split', { timeout: 60_000 }, async () => {
  const fraction = { seed: 3, validation: 0.2, test: 0.3 }
  const log = await source('drawn', true, { fraction })
  const feed = native.createFeed({ source: log.source, laneBatch: 100, shuffleRows: 0, seed: 1 })
  const pieces = log.pieces.map((piece) => ({ ...piece, skip: 1, take: piece.lines - 1 }))
  const outPath = join(folder, 'counts-drawn')
  await native.countValues({ source: log.source, pieces, outPath })
  let rows = 0
  for (const piece of pieces) rows += (await feed.readPiece(piece)).labels.length
  feed.close()
  const { keys, counts } = readCounts(outPath)
  assert.ok(rows > 0.4 * reference.length && rows < 0.6 * reference.length)
  assert.equal(
    counts.reduce((sum, count) => sum + count, 0),
    26 * rows,
  )
  assert.ok(keys.length > 26)
})

test('minCount 1 counts no values', { timeout: 60_000 }, async () => {
  const log = await source('all', false, { features: { ...features, categories: { minCount: 1 } } })
  const outPath = join(folder, 'counts-all')
  await native.countValues({ ...log, outPath })
  assertCounts(readCounts(outPath), { ...referenceCounts(reference), keys: [], counts: [] })
})

test('values that the vocabulary lacks share an id of their field', { timeout: 60_000 }, async () => {
  const { keys, counts } = referenceCounts(reference)
  const kept = new Set(keys.filter((_, i) => counts[i]! >= features.categories.minCount))
  const vocabularyPath = join(folder, 'vocabulary')
  writeFileSync(vocabularyPath, new BigUint64Array([BigInt(kept.size), ...kept]))
  const log = await source('kept', false, { vocabularyPath })
  const feed = native.createFeed({ source: log.source, laneBatch: 100, shuffleRows: 0, seed: 1 })
  const ids: bigint[] = []
  for (const piece of log.pieces) ids.push(...(await feed.readPiece(piece)).ids)
  feed.close()
  assert.deepEqual(
    ids,
    readReference(text, features, kept).flatMap((row) => row.ids),
  )
  assert.ok(kept.size < keys.length)
})

test('a damaged vocabulary is refused', { timeout: 60_000 }, async () => {
  const vocabularyPath = join(folder, 'damaged')
  writeFileSync(vocabularyPath, new BigUint64Array([5n, 1n]))
  const log = await source('refused', false, { vocabularyPath })
  const feed = native.createFeed({ source: log.source, laneBatch: 100, shuffleRows: 0, seed: 1 })
  await assert.rejects(feed.readPiece(log.pieces[0]!), { code: 'vocabulary-corrupt', kind: 'config' })
  feed.close()
})
