/** Rows of dots with intervals about a line of reference: what differs, by how much, and how sure that is. */

import type { Axis } from './axis.js'
import { type Box, panel } from './panel.js'
import { element, faint, line, rule, type Svg, text } from './svg.js'

export interface IntervalRow {
  readonly mean: number
  readonly low: number
  readonly high: number
  /** Single values behind the mean. */
  readonly points: readonly number[]
  readonly colour: string
}

export interface IntervalChartOptions {
  readonly box: Box
  readonly x: Axis
  readonly title: string
  readonly xTitle: string
}

/** Rows from the top down, evenly over the height. Numbers that are not finite are left out. */
export function intervalChart({ box, x, title, xTitle }: IntervalChartOptions, rows: readonly IntervalRow[]): Svg {
  const pitch = box.height / rows.length
  const { back, front, px } = panel({ box, x, y: { from: 0, to: 1, ticks: [], label: String }, title, xTitle })
  const zero = x.from <= 0 && x.to >= 0 ? line(px(0), box.y, px(0), box.y + box.height, { stroke: faint, width: 1.5 }) : ''
  const stripes = rows.map((_, i) =>
    i % 2 === 1 ? '' : element('rect', { x: box.x, y: box.y + i * pitch, width: box.width, height: pitch, fill: rule, 'fill-opacity': 0.3 }),
  )
  const drawn = rows.map((row, i) => {
    const y = box.y + (i + 0.5) * pitch
    const dots = row.points
      .filter(Number.isFinite)
      .map((value) => element('circle', { cx: px(value), cy: y, r: 2.5, fill: row.colour, 'fill-opacity': 0.35 }))
    const ends = [row.low, row.high].every(Number.isFinite)
      ? [
          line(px(row.low), y, px(row.high), y, { stroke: row.colour, width: 2 }),
          ...[row.low, row.high].map((value) => line(px(value), y - 4, px(value), y + 4, { stroke: row.colour, width: 2 })),
        ]
      : []
    const mean = Number.isFinite(row.mean) ? [element('circle', { cx: px(row.mean), cy: y, r: 4.5, fill: row.colour })] : []
    return [...dots, ...ends, ...mean].join('')
  })
  return [back, ...stripes, zero, ...drawn, front].join('')
}

/** Names of the rows, left of a chart. */
export function rowNames({ x, y, height }: Box, names: readonly string[]): Svg {
  const pitch = height / names.length
  return names.map((name, i) => text(x - 12, y + (i + 0.5) * pitch + 4, name, { size: 12, anchor: 'end' })).join('')
}
