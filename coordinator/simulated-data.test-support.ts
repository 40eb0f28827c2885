/** What simulated workers make of their small text logs (`label<TAB>number`): blocks, rows, rejects, counts, in the formats of the contract. */
import { createHash } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import type { Cursor__Output as Cursor } from '../proto/generated/lossmith/v1/Cursor.js'
import type { LaneStep } from '../proto/generated/lossmith/v1/LaneStep.js'
import type { Piece__Output as Piece } from '../proto/generated/lossmith/v1/Piece.js'

/** Sorted records of the scores artifact. */
export function scoreBytes(scores: { logit: number; negatives: bigint; positives: bigint }[]): Buffer {
  const bytes = Buffer.alloc(scores.length * 24)
  for (const [i, { logit, negatives, positives }] of scores.sort((a, b) => a.logit - b.logit).entries()) {
    bytes.writeDoubleLE(logit, i * 24)
    bytes.writeBigUInt64LE(negatives, i * 24 + 8)
    bytes.writeBigUInt64LE(positives, i * 24 + 16)
  }
  return bytes
}

export class LaneReader {
  private readonly lane: number
  private readonly rows: { piece: number; at: number; row: Row }[]
  private at: number

  constructor(lane: number, pieces: Piece[], cursor: Cursor | null, paths: string[]) {
    this.lane = lane
    this.rows = pieces.flatMap((piece, i) => readPiece(piece, paths).map((row, at) => ({ piece: i, at, row })))
    const from = cursor === null ? 0 : this.rows.findIndex(({ piece, at }) => piece === cursor.piece && at === cursor.line)
    this.at = cursor?.exhausted || from < 0 ? this.rows.length : from
  }

  next(batch: number): LaneStep {
    const step = { lane: this.lane, examples: 0, lossSum: 0, rejected: 0, heldOut: 0, heldOutTest: 0, rejects: [] as NonNullable<Row['reject']>[] }
    // Rejects right after the last example come with it, as the engine's reader does it.
    while (this.at < this.rows.length && (step.examples < batch || this.rows[this.at]!.row.reject !== undefined)) {
      const { reject, number, label } = this.rows[this.at++]!.row
      if (reject !== undefined) {
        step.rejected++
        step.rejects.push(reject)
      } else {
        step.examples++
        step.lossSum += Math.abs(Math.sin(number) - label)
      }
    }
    const next = this.rows[this.at]
    return { ...step, cursor: { piece: next?.piece ?? 0, offset: 0, line: next?.at ?? 0, emitted: 0, exhausted: next === undefined } }
  }
}

interface Row {
  label: 0 | 1
  number: number
  reject?: { file: number; line: number; reason: string; text: string }
}

export function readPiece({ block, skip, take }: Piece, paths: string[]): Row[] {
  const { file, firstLine } = block!
  const lines = readFileSync(paths[file]!, 'utf8').split('\n')
  return lines.slice(firstLine + skip, firstLine + skip + take).map((text, i) => {
    const [label, number] = text.split('\t')
    if (label === '0' || label === '1') return { label: Number(label) as 0 | 1, number: Number(number) }
    return { label: 0, number: 0, reject: { file, line: firstLine + skip + i + 1, reason: `wanted a label 0 or 1, got "${label}"`, text } }
  })
}

export function fileFacts(path: string) {
  return { path, bytes: statSync(path).size, digest: createHash('sha256').update(readFileSync(path)).digest() }
}

export function indexFile(file: number, path: string) {
  const text = readFileSync(path, 'utf8')
  const lines = text.split('\n').slice(0, -1)
  const blocks = []
  let offset = 0
  for (let first = 0; first < lines.length; first += 7) {
    const own = lines.slice(first, first + 7)
    const bytes = own.reduce((sum, line) => sum + line.length + 1, 0)
    blocks.push({ file, offset, bytes, firstLine: first, lines: own.length })
    offset += bytes
  }
  return { file, textBytes: text.length, lines: lines.length, blocks, gzip: false }
}

/** Every field is the number of the row, in 20 rows. */
export function survey(pieces: Piece[], paths: string[], fields: number[]) {
  const rows = pieces.flatMap((piece) => readPiece(piece, paths)).filter(({ reject }) => reject === undefined)
  const count = (label: number) => rows.filter((row) => row.label === label).length
  const texts = [...new Set(rows.map(({ number }) => number))]
  const values = texts.map((value) => ({ text: String(value), row: value % 20, count: rows.filter(({ number }) => number === value).length }))
  return { examples: rows.length, classCounts: [count(0), count(1)], fields: fields.map((field) => ({ field, values, more: false })) }
}

export function countValues(pieces: Piece[], paths: string[]): Buffer {
  const counts = new Map<bigint, bigint>()
  const moments = { count: 0, sum: 0, squares: 0 }
  for (const piece of pieces)
    for (const { number, reject } of readPiece(piece, paths)) {
      if (reject !== undefined) continue
      const key = BigInt(number % 10)
      counts.set(key, (counts.get(key) ?? 0n) + 1n)
      moments.count++
      moments.sum += number
      moments.squares += number * number
    }
  const sorted = [...counts].sort(([a], [b]) => (a < b ? -1 : 1))
  const bytes = Buffer.alloc(8 + 24 + 8 + sorted.length * 16)
  bytes.writeBigUInt64LE(1n, 0)
  for (const [i, value] of [moments.count, moments.sum, moments.squares].entries()) bytes.writeDoubleLE(value, 8 + i * 8)
  bytes.writeBigUInt64LE(BigInt(sorted.length), 32)
  for (const [i, [key, count]] of sorted.entries()) {
    bytes.writeBigUInt64LE(key, 40 + i * 8)
    bytes.writeBigUInt64LE(count, 40 + (sorted.length + i) * 8)
  }
  return bytes
}
