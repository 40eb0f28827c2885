/**
 * Which pieces each lane reads in an epoch: all pieces shuffled by (seed, purpose, epoch), then each to the lane with the fewest rows so far, the
 * first of equals. A function of seed, purpose, epoch, pieces and lanes only: workers do not occur in it.
 */
import { philox, philoxKey } from '../model/philox.js'
import type { Piece__Output as Piece } from '../proto/generated/lossmith/v1/Piece.js'

export function dealBlocks(pieces: readonly Piece[], lanes: number, seed: number, epoch: number, purpose = 'deal'): Piece[][] {
  const dealt: Piece[][] = Array.from({ length: lanes }, () => [])
  const rows = new Array<number>(lanes).fill(0)
  for (const piece of shuffle(pieces, seed, epoch, purpose)) {
    const lane = rows.indexOf(Math.min(...rows))
    dealt[lane]!.push(piece)
    rows[lane]! += piece.take
  }
  return dealt
}

/** Fisher-Yates; the draw for position i is Philox of (seed, purpose, epoch, i). */
function shuffle<T>(values: readonly T[], seed: number, epoch: number, purpose: string): T[] {
  const key = philoxKey(BigInt(seed), purpose)
  const shuffled = [...values]
  for (let i = shuffled.length - 1; i > 0; i--) {
    const [low, high] = philox([i, 0, epoch >>> 0, Math.floor(epoch / 2 ** 32)], key)
    const uniform = (high * 2 ** 21 + (low >>> 11)) * 2 ** -53
    const j = Math.floor(uniform * (i + 1))
    const value = shuffled[i]!
    shuffled[i] = shuffled[j]!
    shuffled[j] = value
  }
  return shuffled
}
