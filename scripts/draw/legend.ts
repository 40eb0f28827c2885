/** Names of lines, each beside a piece of its line, left to right and on further rows where they do not fit. */
import { element, type LineStyle, line, type Svg, text, textWidth } from './svg.js'

export interface LegendEntry {
  readonly name: string
  readonly style: LineStyle
}

export function legend(x: number, y: number, room: number, entries: readonly LegendEntry[]): { svg: Svg; height: number } {
  const rowHeight = 20
  let [left, row] = [0, 0]
  const parts = entries.map(({ name, style }) => {
    const width = 30 + textWidth(name, 12) + 22
    if (left > 0 && left + width > room) [left, row] = [0, row + 1]
    const [at, top] = [x + left, y + row * rowHeight]
    left += width
    return element('g', {}, line(at, top, at + 22, top, { width: 2.5, ...style }), text(at + 29, top + 4, name))
  })
  return { svg: parts.join(''), height: (row + 1) * rowHeight }
}
