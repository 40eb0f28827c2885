/** Lines over one x, each with a style of its own. */

import { type PanelOptions, panel } from './panel.js'
import { type LineStyle, polyline, type Svg } from './svg.js'

export interface Series {
  readonly style: LineStyle
  readonly points: readonly (readonly [x: number, y: number])[]
}

export function lineChart(options: PanelOptions, series: readonly Series[]): Svg {
  const { back, front, px, py } = panel(options)
  const lines = series.map(({ style, points }) =>
    polyline(
      points.map(([x, y]) => [px(x), py(y)] as const),
      style,
    ),
  )
  return [back, ...lines, front].join('')
}
