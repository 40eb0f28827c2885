/** Weights from 0 to 1 as pixels: the scale of common/colour.ts, whose far end stands out on the ground that it is on. */
import { type Rgb, sequence } from '../../../../../common/colour.js'

/** Of a weight; on a dark ground a great weight is bright. */
export const heatColour = (weight: number, dark: boolean): Rgb => sequence(dark ? 1 - weight : weight)

/** RGBA, row after row; transparent where a weight is not known. */
export function heatPixels(rows: readonly (readonly number[])[], columns: number, dark: boolean): Uint8ClampedArray<ArrayBuffer> {
  const pixels = new Uint8ClampedArray(rows.length * columns * 4)
  for (const [y, row] of rows.entries())
    for (const [x, weight] of row.entries()) if (weight != null) pixels.set([...heatColour(weight, dark), 255], (y * columns + x) * 4)
  return pixels
}
