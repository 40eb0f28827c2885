/** A file as a strip of cells: what of each is read, what is held out for other splits, what is still to be read. */
import type { FileProgress__Output as FileProgress } from '../../../../../proto/generated/lossmith/v1/FileProgress.js'

export interface Cell {
  /** Shares of the cell's rows, from 0 to 1; the rest is not yet read. */
  readonly read: number
  readonly heldOut: number
}

export function fileCells({ read, heldOut }: FileProgress): Cell[] {
  return Array.from({ length: Math.max(read.length, heldOut.length) }, (_, i) => ({ read: read[i] ?? 0, heldOut: heldOut[i] ?? 0 }))
}

/** Neighbours that are all read, all held out or all untouched, as one piece of the strip: a picture of few elements. */
export interface Piece extends Cell {
  readonly from: number
  readonly to: number
}

export function pieces(cells: readonly Cell[]): Piece[] {
  const all: { -readonly [Key in keyof Piece]: Piece[Key] }[] = []
  for (const [i, { read, heldOut }] of cells.entries()) {
    const last = all.at(-1)
    if (last !== undefined && last.read === read && last.heldOut === heldOut) last.to = i + 1
    else all.push({ from: i, to: i + 1, read, heldOut })
  }
  return all
}
