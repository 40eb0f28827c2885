/** Cells, files and lanes against a count of every single row, for cursors anywhere and all ways to split. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Job } from '../../common/job/job.js'
import { philox, philoxKey } from '../../model/philox.js'
import type { Block__Output as Block } from '../../proto/generated/lossmith/v1/Block.js'
import type { Cursor__Output as Cursor } from '../../proto/generated/lossmith/v1/Cursor.js'
import type { Piece__Output as Piece } from '../../proto/generated/lossmith/v1/Piece.js'
import { dealBlocks } from '../deal-blocks.js'
import { splitPieces } from '../split-pieces.js'
import { RunProgress } from './progress.js'

const lanes = 4
const key = philoxKey(7n, 'test')
const draw = (i: number, below: number) => philox([i, 0, 0, 0], key)[0] % below

/** Blocks of odd sizes over three files; the first line of each is a header. */
function blocksOf(files: number, blocks: number): Block[] {
  return Array.from({ length: files }, (_, file) => {
    let [offset, firstLine] = [10, 1]
    return Array.from({ length: blocks }, (_, i) => {
      const lines = 1 + draw(file * blocks + i, 40)
      const block = { file, offset, bytes: lines * 10, firstLine, lines }
      offset += block.bytes
      firstLine += lines
      return block
    })
  }).flat()
}

const splits: [string, Job['data']['split']][] = [
  ['time', { by: 'time', validation: 0.1, test: 0.15 }],
  ['fraction', { by: 'fraction', validation: 0.1, test: 0.15 }],
  ['files', { by: 'files' }],
]

for (const [name, split] of splits)
  test(`split by ${name}: shares of cells are those of their rows, whether asked once or after every move`, () => {
    const blocks = blocksOf(3, 50)
    const pieces = splitPieces(blocks, split, (file) => (file === 2 ? 'test' : 'train'))
    const training = pieces.filter((piece) => piece.split === 'train')
    const dealt = dealBlocks(training, lanes, 1, 3)
    const job = { data: { split } } as Job
    const often = new RunProgress(job)
    const input = { paths: ['a', 'b', 'c'], pieces }
    often.begin(input, { epoch: 3, dealt, cursors: [] })
    for (let move = 0; move < 20; move++) {
      const cursors = dealt.map((own, lane) => cursorAt(own, Math.floor(((move + lane / 5) / 19) * own.length), move))
      often.commit(cursors.map((cursor, lane) => ({ lane, cursor })))
      const reply = often.describe(17, (lane) => lane >> 1)
      const once = new RunProgress(job)
      once.begin(input, { epoch: 3, dealt, cursors })
      checkAgainstRows(reply, { blocks, pieces, dealt, cursors, cells: 17, held: split.by === 'fraction' ? 0.25 : 0 })
      const { files, lanes } = once.describe(17, (lane) => lane >> 1)
      assert.deepEqual(lanes, reply.lanes)
      for (const [i, { read }] of files.entries()) close(read, reply.files[i]!.read)
    }
    often.end()
    for (const { rows, rowsDone, read, heldOut } of often.describe(5, () => 0).files) {
      assert.equal(rowsDone, rows)
      close(
        read.map((share, i) => share + heldOut[i]!),
        [1, 1, 1, 1, 1],
      )
    }
  })

/** In the piece, somewhere; behind the last one: at the lane's end. */
function cursorAt(own: readonly Piece[], index: number, salt: number): Cursor {
  const piece = own[index]
  if (piece === undefined) return { piece: own.length, offset: 0, line: 0, emitted: 0, exhausted: true, pass: 0 }
  const row = draw(1000 + salt, piece.take)
  const emitted = Math.min(row, 2)
  return { piece: index, offset: 0, line: piece.skip + row - emitted, emitted, exhausted: false, pass: 0 }
}

interface Truth {
  blocks: Block[]
  pieces: Piece[]
  dealt: Piece[][]
  cursors: Cursor[]
  cells: number
  held: number
}

/** Each row of each file, marked one by one. */
function checkAgainstRows(reply: ReturnType<RunProgress['describe']>, { blocks, pieces, dealt, cursors, cells, held }: Truth) {
  const lines = [0, 1, 2].map((file) => blocks.filter((block) => block.file === file).reduce((sum, block) => sum + block.lines, 0))
  const read = lines.map((count) => new Array<number>(count).fill(0))
  const heldOut = lines.map((count) => new Array<number>(count).fill(0))
  const rowsOf = ({ block, skip }: Piece, count: number) => Array.from({ length: count }, (_, i) => block!.firstLine - 1 + skip + i)
  for (const piece of pieces) {
    const share = piece.split === 'train' ? held : held > 0 ? 0 : 1
    for (const row of rowsOf(piece, piece.take)) heldOut[piece.block!.file]![row]! += share
  }
  const done = dealt.map(() => 0)
  for (const [lane, own] of dealt.entries()) {
    const { piece: at, line, emitted } = cursors[lane]!
    for (const [i, piece] of own.entries()) {
      const count = i < at ? piece.take : i === at ? line - piece.skip + emitted : 0
      done[lane]! += count
      for (const row of rowsOf(piece, count)) read[piece.block!.file]![row] = 1 - held
    }
  }
  for (const [i, file] of reply.files.entries()) {
    close(file.read, cellsOf(read[i]!, cells))
    close(file.heldOut, cellsOf(heldOut[i]!, cells))
    assert.equal(file.rowsDone, read[i]!.filter((share) => share > 0).length)
  }
  for (const [lane, own] of dealt.entries()) {
    const { rowsDone, rows, blocks, blocksDone, rank, line, file } = reply.lanes[lane]!
    const { piece: at, line: before, emitted } = cursors[lane]!
    assert.deepEqual([rowsDone, blocks, blocksDone, rank], [done[lane], own.length, at, lane >> 1])
    assert.equal(
      rows,
      own.reduce((sum, { take }) => sum + take, 0),
    )
    const piece = own[at]
    assert.deepEqual([file, line], piece === undefined ? ['', 0] : ['abc'[piece.block!.file], piece.block!.firstLine + before + emitted + 1])
  }
}

/** Means over a thousandth of a row each: no arithmetic in common with what is tested. */
function cellsOf(rows: readonly number[], cells: number): number[] {
  const fine = 1000
  const sums = new Array<number>(cells).fill(0)
  for (let i = 0; i < fine * cells; i++) sums[Math.floor(i / fine)]! += rows[Math.floor(((i + 0.5) / (fine * cells)) * rows.length)]! / fine
  return sums
}

/** cellsOf is right to about a row's border in a thousand samples: half a hundredth. */
function close(got: readonly number[], wanted: readonly number[]) {
  assert.equal(got.length, wanted.length)
  for (const [i, share] of got.entries()) assert.ok(Math.abs(share - wanted[i]!) < 0.005, `cell ${i}: wanted ${wanted[i]}, got ${share}`)
}

test('files without rows, cells beyond the most, a run that has not begun', () => {
  const job = { data: { split: { by: 'files' } } } as Job
  const progress = new RunProgress(job)
  assert.deepEqual(
    progress.describe(0, () => 0),
    { epoch: 0, files: [], lanes: [] },
  )
  const pieces = splitPieces(blocksOf(1, 3), { by: 'files' }, () => 'train')
  progress.begin({ paths: ['a', 'empty'], pieces }, { epoch: 1, dealt: dealBlocks(pieces, 2, 1, 1), cursors: [] })
  const { files } = progress.describe(5000, () => 0)
  assert.deepEqual(
    files.map(({ path, rowsDone, read }) => [path, rowsDone, read.length]),
    [
      ['a', 0, 1024],
      ['empty', 0, 1024],
    ],
  )
})

test('a piece that begins within its block: lines before it are not rows', () => {
  const block = { file: 0, offset: 0, bytes: 100, firstLine: 1, lines: 20 }
  const pieces: Piece[] = [
    { id: 0, block, skip: 0, take: 8, split: 'test' },
    { id: 1, block, skip: 8, take: 12, split: 'train' },
  ]
  const progress = new RunProgress({ data: { split: { by: 'files' } } } as Job)
  const cursor = { piece: 0, offset: 0, line: 11, emitted: 1, exhausted: false, pass: 0 }
  progress.begin({ paths: ['a'], pieces }, { epoch: 1, dealt: [[pieces[1]!]], cursors: [cursor] })
  const { files, lanes } = progress.describe(5, () => 0)
  assert.deepEqual(files, [{ path: 'a', rows: 12, rowsDone: 4, read: [0, 0, 1, 0, 0], heldOut: [1, 1, 0, 0, 0] }])
  assert.deepEqual([lanes[0]!.rowsDone, lanes[0]!.line], [4, 14])
})

test('a shuffle window that reaches over pieces: what it has given counts, and goes no way back when the window moves', () => {
  const pieces: Piece[] = [0, 1, 2].map((id) => ({
    ...{ id, skip: 0, take: 10, split: 'train' },
    block: { file: 0, offset: 100 * id, bytes: 100, firstLine: 10 * id, lines: 10 },
  }))
  const progress = new RunProgress({ data: { split: { by: 'files' } } } as Job)
  progress.begin({ paths: ['a'], pieces }, { epoch: 1, dealt: [pieces], cursors: [] })
  const rowsAt = (piece: number, line: number, emitted: number) => {
    progress.commit([{ lane: 0, cursor: { piece, offset: 0, line, emitted, exhausted: false, pass: 0 } }])
    const { files, lanes } = progress.describe(3, () => 0)
    assert.equal(files[0]!.rowsDone, lanes[0]!.rowsDone)
    return lanes[0]!.rowsDone
  }
  assert.deepEqual([rowsAt(0, 0, 8), rowsAt(0, 0, 23), rowsAt(2, 3, 0), rowsAt(2, 3, 9)], [8, 23, 23, 30])
})
