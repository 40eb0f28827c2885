/** Weights as colours: one pixel a weight, which the page stretches without smoothing. */
import { useLayoutEffect, useRef } from 'preact/hooks'
import { useView } from '../../view.js'
import { heatPixels } from './heat-pixels.js'

export function HeatCanvas({ rows, columns }: { rows: readonly (readonly number[])[]; columns: number }) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const { dark } = useView()
  useLayoutEffect(() => {
    const pixels = heatPixels(rows, columns, dark)
    canvas.current!.getContext('2d')!.putImageData(new ImageData(pixels, columns, rows.length), 0, 0)
  })
  return <canvas ref={canvas} class="heat" width={columns} height={rows.length} />
}
