/**
 * From blocks to pieces, the parts of blocks that belong to a split.
 * time: the log is in order, so the last rows are test and those before them validation, by line count; a block at a border becomes two pieces.
 * fraction: a row's split is drawn by the reader, so every block is a piece of each split. files: a file's role is its split.
 */
import type { SplitPlan } from '../common/job/features.js'
import type { Block__Output as Block } from '../proto/generated/lossmith/v1/Block.js'
import type { Piece__Output as Piece } from '../proto/generated/lossmith/v1/Piece.js'

export type Split = 'train' | 'validation' | 'test'

/** `blocks` in the order of files and lines; `roleOf` is asked when the split is by files. Ids count from 0 in the order returned. */
export function splitPieces(blocks: readonly Block[], split: SplitPlan, roleOf: (file: number) => Split): Piece[] {
  const pieces: Piece[] = []
  const add = (block: Block, skip: number, take: number, name: Split) => {
    if (take > 0) pieces.push({ id: pieces.length, block, skip, take, split: name })
  }
  if (split.by === 'files') for (const block of blocks) add(block, 0, block.lines, roleOf(block.file))
  else if (split.by === 'fraction') {
    const names: Split[] = ['train', ...(split.validation > 0 ? ['validation' as const] : []), ...(split.test > 0 ? ['test' as const] : [])]
    for (const name of names) for (const block of blocks) add(block, 0, block.lines, name)
  } else splitByTime(blocks, split, add)
  return pieces
}

function splitByTime(
  blocks: readonly Block[],
  split: { validation: number; test: number },
  add: (b: Block, skip: number, take: number, s: Split) => void,
) {
  const lines = blocks.reduce((sum, block) => sum + block.lines, 0)
  const testFrom = lines - Math.round(lines * split.test)
  const validationFrom = testFrom - Math.round(lines * split.validation)
  const ranges: [Split, number, number][] = [
    ['train', 0, validationFrom],
    ['validation', validationFrom, testFrom],
    ['test', testFrom, lines],
  ]
  let start = 0
  for (const block of blocks) {
    for (const [name, from, to] of ranges) {
      const skip = Math.max(from - start, 0)
      add(block, skip, Math.min(to - start, block.lines) - skip, name)
    }
    start += block.lines
  }
}
