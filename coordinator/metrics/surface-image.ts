/**
 * A controller's surface as a picture: a band for each candidate, in their order from the top down, each a cell for each probability from left
 * to right, coloured by the weight (common/colour.ts). Cells are scaled up, bands set apart by a white line.
 */
import { sequence } from '../../common/colour.js'
import { png } from '../../common/png.js'
import type { SummaryImage } from './event-record.js'

const bandHeight = 24
const gapHeight = 2
const wantedWidth = 480

/** weights [K * P], weight by probability, candidate after candidate. */
export function surfaceImage(weights: readonly number[], candidates: number): SummaryImage {
  const columns = weights.length / candidates
  const cellWidth = Math.max(1, Math.round(wantedWidth / columns))
  const width = columns * cellWidth
  const height = candidates * bandHeight + (candidates - 1) * gapHeight
  const pixels = new Uint8Array(3 * width * height).fill(255)
  for (let candidate = 0; candidate < candidates; candidate++) {
    const top = candidate * (bandHeight + gapHeight)
    const line = pixels.subarray(3 * width * top, 3 * width * (top + 1))
    for (let column = 0; column < columns; column++) {
      const colour = sequence(weights[candidate * columns + column]!)
      for (let x = column * cellWidth; x < (column + 1) * cellWidth; x++) line.set(colour, 3 * x)
    }
    for (let y = 1; y < bandHeight; y++) pixels.copyWithin(3 * width * (top + y), 3 * width * top, 3 * width * (top + 1))
  }
  return { height, width, colorspace: 3, encodedImageString: png(width, height, pixels) }
}
