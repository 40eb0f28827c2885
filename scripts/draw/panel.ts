/** A frame with axes: what every chart of a picture stands in. */
import { type Axis, place } from './axis.js'
import { element, faint, ink, line, paper, rule, type Svg, text } from './svg.js'

export interface Box {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

export interface PanelOptions {
  readonly box: Box
  readonly x: Axis
  readonly y: Axis
  /** Names of the axes, with units; without one an axis has no numbers either. */
  readonly xTitle?: string | undefined
  readonly yTitle?: string | undefined
  readonly title?: string | undefined
  readonly grid?: boolean
}

export interface Panel {
  /** Behind what is drawn in the panel. */
  readonly back: Svg
  /** Before it. */
  readonly front: Svg
  readonly px: (value: number) => number
  readonly py: (value: number) => number
}

export function panel({ box, x, y, xTitle, yTitle, title, grid = true }: PanelOptions): Panel {
  const { x: left, y: top, width, height } = box
  const [right, bottom] = [left + width, top + height]
  const [px, py] = [place(x, left, right), place(y, bottom, top)]
  const small = { size: 11, fill: faint }
  const lines = grid
    ? [
        ...x.ticks.map((v) => line(px(v), top, px(v), bottom, { stroke: rule })),
        ...y.ticks.map((v) => line(left, py(v), right, py(v), { stroke: rule })),
      ]
    : []
  const back = [element('rect', { x: left, y: top, width, height, fill: paper }), ...lines].join('')
  const front = [
    element('rect', { x: left, y: top, width, height, fill: 'none', stroke: '#8c959f' }),
    ...(title === undefined ? [] : [text(left, top - 7, title, { size: 12, weight: 600, fill: ink })]),
    ...(xTitle === undefined ? [] : x.ticks.map((v) => text(px(v), bottom + 15, x.label(v), { ...small, anchor: 'middle' }))),
    ...(xTitle ? [text(left + width / 2, bottom + 31, xTitle, { ...small, anchor: 'middle' })] : []),
    ...(yTitle === undefined ? [] : y.ticks.map((v) => text(left - 7, py(v) + 4, y.label(v), { ...small, anchor: 'end' }))),
    ...(yTitle ? [text(left - 46, top + height / 2, yTitle, { ...small, anchor: 'middle', rotate: -90 })] : []),
  ].join('')
  return { back, front, px, py }
}
