/**
 * A uPlot chart that follows a growing run: the lines are fixed when it is made, their values come by `draw`. Drag zooms in along x, a double click
 * zooms out, and the cursor and the zoom go to all charts of the page. Where runs of different steps are laid over each other, tables are joined.
 */
import uPlot from 'uplot'
import { compact } from './format-number.js'
import { cssColour, dashes, faint, seriesColour } from './palette.js'

export interface PlotLine {
  key: string
  label: string
  /** Number in the palette. */
  colour: number
  dash?: number
  width?: number
  opacity?: number
  /** Marks at the values: they are few. */
  points?: boolean
  /** NaN: no value. */
  values: ArrayLike<number>
}

/** Lines over the same places, ascending. */
export interface PlotTable {
  x: ArrayLike<number>
  lines: PlotLine[]
}

export interface PlotOptions {
  formatX: (x: number) => string
  /** Distances that ticks along x may have. */
  spacings: number[]
  log: boolean
  /** Each line on top of those before it, filled. */
  stacked: boolean
  /** The axis of values begins at 0. */
  fromZero: boolean
  /** The values under the cursor, by line; undefined when it is elsewhere. */
  onHover: (hover: Hover | undefined) => void
  onZoom: (zoomed: boolean) => void
}

export interface Hover {
  x: number
  values: (number | undefined)[]
}

type Cell = number | null | undefined
type Data = [number[], ...Cell[][]]

export class Plot {
  private readonly chart: uPlot
  private readonly resize: ResizeObserver
  private readonly sight: IntersectionObserver
  private inSight = true
  /** What waits to be drawn until the chart is in sight. */
  private waiting: (() => void) | undefined
  private raw: Data = [[]]
  private range = { min: 0, max: 1 }
  private zoom: { min: number; max: number } | undefined
  private drawing = false

  constructor(
    private readonly place: HTMLElement,
    lines: PlotLine[],
    private readonly options: PlotOptions,
  ) {
    this.chart = new uPlot(this.chartOptions(lines), [[], ...lines.map(() => [])], place)
    this.resize = new ResizeObserver(() => this.chart.setSize(sizeOf(place)))
    this.resize.observe(place)
    this.sight = new IntersectionObserver(([entry]) => this.seen(entry?.isIntersecting ?? true))
    this.sight.observe(place)
  }

  /** The axis goes from the first place of any run to the newest. The lines of the tables are those of the constructor, in order. */
  draw(tables: PlotTable[], start: number, end: number): void {
    this.waiting = () => this.drawNow(tables, start, end)
    this.seen(this.inSight)
  }

  zoomOut(): void {
    this.chart.setScale('x', this.range)
  }

  remove(): void {
    this.resize.disconnect()
    this.sight.disconnect()
    this.chart.destroy()
  }

  private seen(inSight: boolean): void {
    this.inSight = inSight
    if (!inSight || this.waiting === undefined) return
    const draw = this.waiting
    this.waiting = undefined
    draw()
  }

  private drawNow(tables: PlotTable[], start: number, end: number): void {
    const { log, stacked } = this.options
    this.raw = join(tables, log)
    this.range = start < end ? { min: start, max: end } : { min: 0, max: Math.max(1, end) }
    this.drawing = true
    this.chart.batch(() => {
      this.chart.setData(stacked ? pile(this.raw) : this.raw, true)
      this.chart.setScale('x', this.zoom ?? this.range)
    })
    this.drawing = false
  }

  private chartOptions(lines: PlotLine[]): uPlot.Options {
    const { formatX, spacings, log, stacked, fromZero } = this.options
    const axis = { ...axisLook(), values: (_: uPlot, splits: number[]) => splits.map((value) => (value == null ? '' : formatX(value))) }
    const spread = (_: uPlot, min: number | null, max: number | null): uPlot.Range.MinMax => spreadOf(min, max, { log, fromZero, stacked })
    return {
      ...sizeOf(this.place),
      padding: [10 * typeScale(), 22 * typeScale(), 0, 0],
      legend: { show: false },
      scales: { x: { time: false }, y: { distr: log ? 3 : 1, log: 10, range: spread } },
      axes: [
        { ...axis, space: 70 * typeScale(), incrs: spacings },
        {
          ...axisLook(),
          ...(log ? logTicks : {}),
          size: widthOf,
          values: (_, splits, _axis, _space, step) => splits.map((value) => tick(value, step, log)),
        },
      ],
      series: [{}, ...lines.map((line) => seriesOf(line, stacked))],
      bands: stacked ? lines.slice(1).map((_, i) => ({ series: [i + 2, i + 1] as [number, number] })) : [],
      cursor: {
        y: false,
        drag: { x: true, y: false, dist: 6 },
        sync: { key: 'runs' },
        points: { size: 7, width: 2 },
        dataIdx: (chart, series, hovered) => nearest(chart.data as Data, series, hovered),
      },
      hooks: { setCursor: [(chart) => this.hovered(chart)], setScale: [(_, key) => this.scaled(key)] },
    }
  }

  private hovered(chart: uPlot): void {
    const { idx, idxs } = chart.cursor
    const valuesAt = (x: number) => ({ x, values: this.raw.slice(1).map((cells, i) => cells[idxs?.[i + 1] ?? -1] ?? undefined) })
    this.options.onHover(idx == null ? undefined : valuesAt(this.raw[0][idx]!))
  }

  private scaled(key: string): void {
    const { min, max } = this.chart.scales[key]!
    if (key !== 'x' || this.drawing || min == null || max == null) return
    const places = this.raw[0]
    const whole = min <= Math.max(this.range.min, places[0] ?? 0) && max >= Math.min(this.range.max, places.at(-1) ?? 1)
    this.zoom = whole ? undefined : { min, max }
    this.options.onZoom(!whole)
    // A double click shows what has values; the axis goes from the first step to the newest.
    if (whole && (min !== this.range.min || max !== this.range.max)) this.zoomOut()
  }
}

/** One table over all places, with null where a line has no value and undefined where it has no such place. */
function join(tables: PlotTable[], log: boolean): Data {
  const parts = tables.map(({ x, lines }): Data => [Array.from(x), ...lines.map(({ values }) => Array.from(values, (value) => cell(value, log)))])
  if (parts.length === 1) return parts[0]!
  const modes = parts.map((part) => part.map(() => 0))
  return uPlot.join(parts as uPlot.AlignedData[], modes) as Data
}

const cell = (value: number, log: boolean) => (Number.isNaN(value) || (log && value <= 0) ? null : value)

/** Each line plus those below it. */
function pile([x, ...lines]: Data): Data {
  const sums = new Array<number>(x.length).fill(0)
  return [
    x,
    ...lines.map((cells) =>
      cells.map((value, i) => {
        if (value == null) return null
        sums[i]! += value
        return sums[i]!
      }),
    ),
  ]
}

/** The index of the value of a line that is nearest to the cursor. */
function nearest(data: Data, series: number, hovered: number): number {
  const cells = series === 0 ? undefined : data[series]
  if (cells === undefined || cells[hovered] != null) return hovered
  const x = data[0]
  let left = hovered
  while (left >= 0 && cells[left] == null) left--
  let right = hovered
  while (right < cells.length && cells[right] == null) right++
  if (left < 0 || right >= cells.length) return left < 0 ? right : left
  return x[hovered]! - x[left]! <= x[right]! - x[hovered]! ? left : right
}

function seriesOf({ label, colour, dash = 0, width = 1.75, opacity = 1, points = false }: PlotLine, stacked: boolean): uPlot.Series {
  const stroke = faint(seriesColour(colour), opacity)
  return {
    label,
    stroke,
    width: width * typeScale(),
    dash: [...dashes[dash % dashes.length]!],
    spanGaps: true,
    // A line of one place is a point.
    points: { show: (chart) => points || chart.data[0].length === 1, size: 7 * typeScale(), stroke, fill: stroke },
    ...(stacked ? { fill: faint(seriesColour(colour), 0.32) } : {}),
  }
}

function spreadOf(
  min: number | null,
  max: number | null,
  { log, fromZero, stacked }: { log: boolean; fromZero: boolean; stacked: boolean },
): uPlot.Range.MinMax {
  if (min == null || max == null) return log ? [0.1, 1] : [0, 1]
  if (log) return min === max ? [min / 1.2, max * 1.2] : [min / (max / min) ** 0.05, max * (max / min) ** 0.05]
  if (stacked) return [0, max]
  const room = (max - min) * 0.08 || Math.abs(max) * 0.05 || 1
  return [fromZero ? 0 : min - room, max + room]
}

/** Of the text of the page: larger on a wall. */
function typeScale(): number {
  return Number.parseFloat(getComputedStyle(document.documentElement).fontSize) / 16
}

function axisLook(): uPlot.Axis {
  const grid = { stroke: cssColour('--grid'), width: 1 }
  const font = `${Math.round(11 * typeScale())}px ${getComputedStyle(document.body).fontFamily}`
  return { stroke: cssColour('--faint'), font, grid, ticks: { show: false }, gap: 6, size: 26 * typeScale() }
}

/** As many places as the distance between two ticks has; on a logarithmic axis, as the value has. */
function tick(value: number | null, step: number, log: boolean): string {
  if (value == null) return ''
  if (Math.abs(value) >= 1e4) return compact(value).replace(/\.?0+(?= )/, '')
  const [, places = ''] = String(Number(step.toPrecision(6))).split('.')
  return log || step < 1e-6 ? String(Number(value.toPrecision(3))) : value.toFixed(places.length)
}

/** uPlot's own are the powers of ten and their multiples: losses seldom span one power. */
const logTicks: uPlot.Axis = {
  splits: (_chart, _axis, min, max) => (max / min < 10 ? evenTicks(min, max) : powerTicks(min, max)),
  filter: (_, splits) => splits,
}

/** About five, at distances of 1, 2, 2.5 or 5 of a power of ten. */
function evenTicks(min: number, max: number): number[] {
  const rough = (max - min) / 5
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = power * ([1, 2, 2.5, 5].find((nice) => nice * power >= rough) ?? 10)
  const first = Math.ceil(min / step)
  return Array.from({ length: Math.max(0, Math.floor(max / step) - first + 1) }, (_, i) => (first + i) * step)
}

function powerTicks(min: number, max: number): number[] {
  const ticks: number[] = []
  const nice = max / min < 1000 ? [1, 2, 5] : [1]
  for (let power = Math.floor(Math.log10(min)); 10 ** power <= max; power++) ticks.push(...nice.map((digit) => digit * 10 ** power))
  return ticks.filter((value) => value >= min && value <= max)
}

/** Room for the longest label. */
function widthOf(chart: uPlot, labels: string[] | null): number {
  const font = `${Math.round(11 * typeScale())}px ${getComputedStyle(document.body).fontFamily}`
  chart.ctx.save()
  chart.ctx.font = font
  const widths = (labels ?? []).map((label) => chart.ctx.measureText(label).width)
  chart.ctx.restore()
  return Math.ceil(Math.max(24, ...widths)) + 14
}

function sizeOf(place: HTMLElement) {
  return { width: Math.max(80, place.clientWidth), height: Math.max(80, place.clientHeight) }
}
