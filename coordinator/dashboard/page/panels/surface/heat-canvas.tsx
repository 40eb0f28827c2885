/** Weights as colours: one pixel a weight, which the page stretches without smoothing. */
import { useLayoutEffect, useRef } from 'preact/hooks'
import { useView } from '../../view.js'
import { heatPixels } from './heat-pixels.js'

/** Draws again when it is given other rows: the same cells come as the same array. */
export function HeatCanvas({ rows, columns }: { rows: readonly (readonly number[])[]; columns: number }) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const { dark } = useView()
  useLayoutEffect(() => {
    const pixels = heatPixels(rows, columns, dark)
    canvas.current!.getContext('2d')!.putImageData(new ImageData(pixels, columns, rows.length), 0, 0)
  }, [rows, columns, dark])
  return <canvas ref={canvas} class="heat" width={columns} height={rows.length} />
}
