/**
 * Lanes given from one worker to another. Ranks keep their order and lanes stay contiguous ranges, so a move changes counts alone, of at least
 * one lane each (8 over 2: 4, 4 -> 7, 1); which lane is whose follows from them, and no number of the training depends on it.
 */
import { refusedError } from '../common/errors.js'

export interface LaneMove {
  /** Names of members. */
  readonly from: string
  readonly to: string
  readonly count: number
}

export interface LaneCount {
  readonly name: string
  readonly count: number
}

/** By rank, after the move. @throws refused `lanes-move` */
export function moveLanes(ranks: readonly LaneCount[], { from, to, count }: LaneMove): LaneCount[] {
  const giver = ranks.find(({ name }) => name === from)
  const unknown = [from, to].find((wanted) => !ranks.some(({ name }) => name === wanted))
  if (giver === undefined || unknown !== undefined) refuse(`one of the workers ${ranks.map(({ name }) => name).join(', ')}`, JSON.stringify(unknown))
  if (from === to) refuse('two workers', `${from} twice`)
  if (count < 1) refuse('to move at least 1 lane', `${count}`)
  if (count >= giver.count)
    refuse(`to move ${giver.count === 1 ? 'none' : `at most ${giver.count - 1}`} of the ${giver.count} lanes of ${from}, which keeps one`, `${count}`)
  return ranks.map(({ name, count: has }) => ({ name, count: name === from ? has - count : name === to ? has + count : has }))
}

function refuse(wanted: string, got: string): never {
  throw refusedError('lanes-move', `[move] wanted ${wanted}, got ${got}`)
}
