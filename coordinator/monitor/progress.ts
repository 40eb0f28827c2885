/**
 * How far the files and the lanes of an epoch are read. Commits only leave their cursors here; what they mean for files and their cells is worked out
 * when somebody asks, from where the last answer stood.
 */
import type { Job } from '../../common/job/job.js'
import type { Cursor__Output as Cursor } from '../../proto/generated/lossmith/v1/Cursor.js'
import type { LaneProgress__Output as LaneProgress } from '../../proto/generated/lossmith/v1/LaneProgress.js'
import type { Piece__Output as Piece } from '../../proto/generated/lossmith/v1/Piece.js'
import type { ProgressReply__Output as ProgressReply } from '../../proto/generated/lossmith/v1/ProgressReply.js'

const defaultCells = 128
const mostCells = 1024
/** Of all files together: an answer stays far below a message's size. */
const mostCellsInAll = 1 << 16

/** What is read: the same over all epochs. */
export interface ReadInput {
  readonly paths: readonly string[]
  /** Of all splits. */
  readonly pieces: readonly Piece[]
}

export interface Epoch {
  readonly epoch: number
  /** Training pieces by lane, in the order of reading. */
  readonly dealt: readonly (readonly Piece[])[]
  /** By lane; empty at the start. */
  readonly cursors: readonly Cursor[]
}

export class RunProgress {
  /** Share of the rows of training pieces that a draw holds out for other splits. */
  private readonly drawnShare: number
  private input: ReadInput | undefined
  private current: Epoch = { epoch: 0, dealt: [], cursors: [] }
  private readonly cursors: (Cursor | undefined)[] = []
  private done = false
  private reading: Reading | undefined

  constructor({ data: { split } }: Pick<Job, 'data'>) {
    this.drawnShare = split.by === 'fraction' ? split.validation + split.test : 0
  }

  begin(input: ReadInput, epoch: Epoch): void {
    this.input = input
    this.current = epoch
    this.reading = undefined
    this.done = false
    this.cursors.splice(0, Number.POSITIVE_INFINITY, ...epoch.cursors)
  }

  /** After a commit: of some lanes or all. */
  commit(lanes: readonly { lane: number; cursor?: Cursor | null }[]): void {
    for (const { lane, cursor } of lanes) if (cursor != null) this.cursors[lane] = cursor
  }

  /** Every row of the epoch is accounted for. */
  end(): void {
    this.done = true
  }

  /** `cells` 0: 128. `rankOf`: who has a lane. */
  describe(cells: number, rankOf: (lane: number) => number): ProgressReply {
    const { input, current, cursors, done } = this
    if (input === undefined) return { epoch: 0, files: [], lanes: [] }
    const wanted = Math.max(1, Math.min(cells || defaultCells, mostCells, Math.floor(mostCellsInAll / input.paths.length)))
    if (this.reading?.cells !== wanted) this.reading = new Reading(input, current, wanted, this.drawnShare)
    const reading = this.reading
    for (const [i, lane] of reading.lanes.entries())
      reading.advance(lane, done ? { piece: lane.pieces.length, row: 0 } : placeOf(cursors[i], lane.pieces))
    return {
      epoch: current.epoch,
      files: reading.files.map(({ path, rows, rowsDone, read, heldOut }) => ({ path, rows, rowsDone, read: shares(read), heldOut: shares(heldOut) })),
      lanes: reading.lanes.map((lane, i) => ({ lane: i, rank: rankOf(i), ...reading.describeLane(lane) })),
    }
  }
}

/** As they are on the wire: of float32, so that sums of shares that make one are one. */
const shares = (cells: Float64Array) => [...Float32Array.from(cells)]

interface Place {
  piece: number
  /** Rows of it that were read. */
  row: number
}

/** Examples of a shuffle window come in any order: so many of its first rows count as read, also where the window reaches over the end of its piece. */
function placeOf(cursor: Cursor | undefined, pieces: readonly Piece[]): Place {
  if (cursor === undefined) return { piece: 0, row: 0 }
  if (cursor.exhausted || pieces[cursor.piece] === undefined) return { piece: pieces.length, row: 0 }
  let { piece } = cursor
  let row = Math.max(0, cursor.line - pieces[piece]!.skip) + cursor.emitted
  while (piece + 1 < pieces.length && row > pieces[piece]!.take) row -= pieces[piece++]!.take
  return { piece, row: Math.min(row, pieces[piece]!.take) }
}

interface FileCells {
  path: string
  /** The first line of its blocks, and how many lines they have. */
  first: number
  lines: number
  rows: number
  rowsDone: number
  read: Float64Array
  heldOut: Float64Array
}

interface Lane {
  pieces: readonly Piece[]
  rows: number
  rowsDone: number
  at: Place
}

/** How much of each cell is read, up to a place in every lane. */
class Reading {
  readonly cells: number
  readonly files: FileCells[]
  readonly lanes: Lane[]
  private readonly paths: readonly string[]
  /** What a row of a training piece counts as read; the rest of it is held out. */
  private readonly trainedShare: number

  constructor({ paths, pieces }: ReadInput, { dealt }: Epoch, cells: number, drawnShare: number) {
    this.cells = cells
    this.paths = paths
    this.trainedShare = 1 - drawnShare
    this.files = paths.map((path) => ({
      ...{ path, first: Number.POSITIVE_INFINITY, lines: 0, rows: 0, rowsDone: 0 },
      read: new Float64Array(cells),
      heldOut: new Float64Array(cells),
    }))
    for (const { block } of pieces) this.fileOf(block!).first = Math.min(this.fileOf(block!).first, block!.firstLine)
    for (const { block } of pieces) {
      const file = this.fileOf(block!)
      file.lines = Math.max(file.lines, block!.firstLine + block!.lines - file.first)
    }
    for (const piece of pieces) {
      if (piece.split === 'train') {
        this.fileOf(piece.block!).rows += piece.take
        this.add('heldOut', piece, 0, piece.take, drawnShare)
      } else if (drawnShare === 0) this.add('heldOut', piece, 0, piece.take, 1)
    }
    const rows = (own: readonly Piece[]) => own.reduce((sum, { take }) => sum + take, 0)
    this.lanes = dealt.map((own) => ({ pieces: own, rows: rows(own), rowsDone: 0, at: { piece: 0, row: 0 } }))
  }

  /** Counts what the lane has read since its last place. */
  advance(lane: Lane, to: Place): void {
    for (let { piece, row } = lane.at; piece < to.piece || (piece === to.piece && row < to.row); piece++, row = 0) {
      const own = lane.pieces[piece]!
      const end = piece < to.piece ? own.take : to.row
      this.add('read', own, row, end, this.trainedShare)
      this.fileOf(own.block!).rowsDone += end - row
      lane.rowsDone += end - row
      lane.at = { piece, row: end }
    }
    // A whole piece ends at the start of the next one.
    if (to.piece > lane.at.piece) lane.at = { piece: to.piece, row: 0 }
  }

  describeLane({ pieces, rows, rowsDone, at }: Lane): Omit<LaneProgress, 'lane' | 'rank'> {
    const piece = pieces[at.piece]
    const counts = { rows, rowsDone, blocks: pieces.length, blocksDone: at.piece }
    if (piece === undefined) return { ...counts, file: '', line: 0 }
    return { ...counts, file: this.paths[piece.block!.file]!, line: piece.block!.firstLine + piece.skip + at.row + 1 }
  }

  /** Rows [from, to) of a piece, as shares of the cells that they lie in. */
  private add(to: 'read' | 'heldOut', { block, skip }: Piece, from: number, end: number, share: number) {
    if (share === 0) return
    const file = this.fileOf(block!)
    const width = file.lines / this.cells
    const start = block!.firstLine - file.first + skip
    const [low, high] = [(start + from) / width, (start + end) / width]
    for (let cell = Math.floor(low); cell < Math.min(high, this.cells); cell++)
      file[to][cell]! += share * (Math.min(high, cell + 1) - Math.max(low, cell))
  }

  private fileOf({ file }: { file: number }): FileCells {
    return this.files[file]!
  }
}
