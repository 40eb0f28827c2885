import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { LossmithError } from '../../common/errors.js'
import { loadNative, type NativeFileIndex } from './binding.js'
import { randomLog } from './criteo-reference.js'

const native = loadNative()
const folder = mkdtempSync(join(tmpdir(), 'lossmith-index-'))
after(() => rmSync(folder, { recursive: true }))

const log = randomLog({ rows: 4000, seed: 1, ending: 'mixed', malformed: 0.02, finalEnding: false })
const plain = Buffer.from(log, 'latin1')

function index(name: string, content: Uint8Array, lanes = 4, maxBlockBytes = 1 << 22): Promise<NativeFileIndex> {
  writeFileSync(join(folder, name), content)
  return native.indexFile({ path: join(folder, name), lanes, maxBlockBytes, pointsPath: join(folder, `${name}.points`) })
}

function members(content: Buffer, count: number): Buffer {
  const size = Math.ceil(content.length / count)
  return Buffer.concat(Array.from({ length: count }, (_, i) => gzipSync(content.subarray(i * size, (i + 1) * size), { level: 1 + (i % 9) })))
}

const refused = (kind: string, code: string, holds: string) => (error: unknown) => {
  assert.ok(error instanceof LossmithError, String(error))
  assert.deepEqual([error.kind, error.code], [kind, code], error.message)
  assert.ok(error.message.includes(holds), error.message)
  return true
}

test('blocks tile the text and end at line ends', { timeout: 60_000 }, async () => {
  const lines = log.split('\n')
  for (const [lanes, maxBlockBytes] of [
    [1, 1 << 22],
    [8, 1 << 22],
    [8, 5000],
    [1, 100],
  ] as const) {
    const { blocks, ...facts } = await index('tile.tsv', plain, lanes, maxBlockBytes)
    assert.deepEqual(facts, { textBytes: plain.length, lines: lines.length, gzip: false, header: '' })
    let offset = 0
    let line = 0
    for (const block of blocks) {
      const text = lines.slice(line, line + block.lines).join('\n')
      const ending = offset + block.bytes < plain.length ? 1 : 0
      assert.deepEqual(block, { file: 0, offset, bytes: text.length + ending, firstLine: line, lines: block.lines })
      assert.ok(block.bytes < maxBlockBytes + lines[line + block.lines - 1]!.length + 1)
      offset += block.bytes
      line += block.lines
    }
    assert.equal(offset, plain.length)
    if (maxBlockBytes > plain.length / (64 * lanes)) assert.ok(blocks.length > 32 * lanes && blocks.length <= 128 * lanes, String(blocks.length))
  }
})

test('a small input gives a block a line, a large one blocks of maxBlockBytes', { timeout: 60_000 }, async () => {
  const row = `${'0\t'.repeat(39)}x\n`
  assert.equal((await index('small.tsv', Buffer.from(row.repeat(100)), 8)).blocks.length, 100)
  const large = await index('large.tsv', Buffer.from(row.repeat(20_000)), 1, 8192)
  assert.ok(large.blocks.slice(0, -1).every(({ bytes }) => bytes > 4096 && bytes < 8192 + row.length))
})

test('gzip of any kind has the blocks of its text', { timeout: 60_000 }, async () => {
  const wanted = await index('same.tsv', plain)
  const kinds: Record<string, Buffer> = {
    one: gzipSync(plain),
    stored: gzipSync(plain, { level: 0 }),
    many: members(plain, 7),
    'empty-members': Buffer.concat([gzipSync(''), gzipSync(plain.subarray(0, 1000)), gzipSync(''), gzipSync(plain.subarray(1000)), gzipSync('')]),
    padded: Buffer.concat([gzipSync(plain), Buffer.alloc(1000)]),
  }
  for (const [kind, content] of Object.entries(kinds)) {
    assert.deepEqual(await index(`same-${kind}.bin`, content), { ...wanted, gzip: true }, kind)
    assert.ok(existsSync(join(folder, `same-${kind}.bin.points`)))
  }
  assert.ok(!existsSync(join(folder, 'same.tsv.points')), 'plain text needs no points')
})

test('a damaged gzip is refused with path and byte, and leaves nothing behind', { timeout: 60_000 }, async () => {
  const whole = members(plain.subarray(0, 200_000), 2)
  const first = gzipSync(plain.subarray(0, 100_000), { level: 1 }).length
  for (const cut of [3, 11, 500, first - 3, first + 1, first + 5, whole.length - 20, whole.length - 8, whole.length - 1]) {
    await assert.rejects(
      index('cut.gz', whole.subarray(0, cut)),
      refused('config', 'gzip-truncated', `at byte ${cut} of ${join(folder, 'cut.gz')}`),
      `${cut}`,
    )
  }
  for (const at of [5000, first + 3, whole.length - 6, whole.length - 2]) {
    const flipped = Buffer.from(whole)
    flipped[at] = flipped[at]! ^ 0xff
    await assert.rejects(index('flip.gz', flipped), refused('config', 'gzip-corrupt', join(folder, 'flip.gz')), `byte ${at}`)
  }
  await assert.rejects(index('tail.gz', Buffer.concat([whole, Buffer.from('tail')])), refused('config', 'gzip-corrupt', `at byte ${whole.length} of`))
  assert.deepEqual(
    readdirSync(folder).filter((name) => /^(cut|flip|tail)\.gz\./.test(name) || name.endsWith('.partial')),
    [],
  )
})

test('what is no log is refused', { timeout: 60_000 }, async () => {
  await assert.rejects(index('empty.tsv', Buffer.alloc(0)), refused('config', 'empty-input', 'empty.tsv'))
  await assert.rejects(index('empty.gz', gzipSync('')), refused('config', 'empty-input', 'empty.gz'))
  assert.ok(!existsSync(join(folder, 'empty.gz.points')))
  await assert.rejects(index('log.zst', Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 1, 2])), refused('config', 'zstd-input', 'log.zst'))
  const options = { lanes: 1, maxBlockBytes: 1000, pointsPath: join(folder, 'points') }
  await assert.rejects(native.indexFile({ ...options, path: join(folder, 'nowhere') }), refused('config', 'file-missing', 'nowhere'))
  mkdirSync(join(folder, 'directory'))
  await assert.rejects(native.indexFile({ ...options, path: join(folder, 'directory') }), refused('config', 'file-not-regular', 'a directory'))
  await assert.rejects(native.indexFile({ ...options, path: '/dev/null' }), refused('config', 'file-not-regular', '/dev/null'))
  writeFileSync(join(folder, 'fine.gz'), gzipSync(plain))
  const nowhere = { ...options, path: join(folder, 'fine.gz'), pointsPath: join(folder, 'no/such/folder') }
  await assert.rejects(native.indexFile(nowhere), refused('config', 'file-unwritable', 'no/such/folder'))
})
