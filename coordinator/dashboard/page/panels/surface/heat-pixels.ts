/** Weights from 0 to 1 as pixels: the scale of common/colour.ts, whose far end stands out on the ground that it is on. */
import { type Rgb, sequence } from '../../../../../common/colour.js'

/** The scale in steps that the eye cannot tell apart. */
const steps = 256
const scale: readonly Rgb[] = Array.from({ length: steps }, (_, i) => sequence(i / (steps - 1)))

/** Of a weight; on a dark ground a great weight is bright. */
function heatColour(weight: number, dark: boolean): Rgb {
  const part = Math.min(1, Math.max(0, dark ? 1 - weight : weight))
  return scale[Math.round(part * (steps - 1))]!
}

/** RGBA, row after row; transparent where a weight is not known. */
export function heatPixels(rows: readonly (readonly number[])[], columns: number, dark: boolean): Uint8ClampedArray<ArrayBuffer> {
  const pixels = new Uint8ClampedArray(rows.length * columns * 4)
  for (const [y, row] of rows.entries())
    for (const [x, weight] of row.entries()) if (weight != null) pixels.set([...heatColour(weight, dark), 255], (y * columns + x) * 4)
  return pixels
}
