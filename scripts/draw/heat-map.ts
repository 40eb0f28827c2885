/** Numbers from 0 to 1 on a grid, as colours; one picture element whatever the number of cells. */
import { hex, sequence } from '../../common/colour.js'
import { png } from '../../common/png.js'
import { type Box, type PanelOptions, panel } from './panel.js'
import { element, faint, type Svg, text } from './svg.js'

/** cells: rows from the bottom up, each from left to right, evenly over the panel. */
export function heatMap(options: PanelOptions, cells: readonly (readonly number[])[]): Svg {
  const { x, y, width, height } = options.box
  const { back, front } = panel({ ...options, grid: false })
  const columns = cells[0]?.length ?? 0
  const pixels = Uint8Array.from(cells.toReversed().flatMap((row) => row.flatMap((value) => [...sequence(value)])))
  const href = `data:image/png;base64,${png(columns, cells.length, pixels).toString('base64')}`
  const stretched = { preserveAspectRatio: 'none', 'image-rendering': 'pixelated' }
  return [back, element('image', { x, y, width, height, href, ...stretched }), front].join('')
}

/** What the colours mean, from 0 to 1. */
export function colourLegend({ x, y, width, height }: Box, title: string): Svg {
  const parts = 64
  const cells = Array.from({ length: parts }, (_, i) =>
    element('rect', { x: x + (i * width) / parts, y, width: width / parts + 0.5, height, fill: hex(sequence((i + 0.5) / parts)) }),
  )
  const marks = [0, 0.5, 1].map((value) => text(x + value * width, y + height + 13, String(value), { size: 11, fill: faint, anchor: 'middle' }))
  return [text(x - 10, y + height - 2, title, { size: 11, fill: faint, anchor: 'end' }), ...cells, ...marks].join('')
}
