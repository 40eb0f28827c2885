/** Lines over steps with a legend of buttons: it shows the values under the cursor, or the newest, and hides lines. Screen readers get a summary. */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { dashes, seriesVariable } from './palette.js'
import { type Hover, Plot, type PlotLine, type PlotTable } from './plot.js'
import { spacings } from './run-axis.js'
import { useView } from './view.js'

export interface LineChartProps {
  /** What is drawn, for those who do not see it. */
  label: string
  /** What it shows, in a sentence. */
  summary: string
  tables: PlotTable[]
  /** The first place of any run, and the newest. */
  start: number
  end: number
  /** A place in the legend, and beside its axis. */
  formatX: (x: number) => string
  formatPlace: (x: number) => string
  formatY: (y: number) => string
  log?: boolean
  stacked?: boolean
  fromZero?: boolean
  /** Lower than others. */
  low?: boolean
}

export function LineChart(props: LineChartProps) {
  const { label, summary, tables, end, formatX, formatY, low = false } = props
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set())
  const all = tables.flatMap(({ lines }) => lines)
  const shown = useMemo(() => tables.map(({ x, lines }) => ({ x, lines: lines.filter(({ key }) => !hidden.has(key)) })), [tables, hidden])
  const { place, hover, zoomed, zoomOut } = usePlot(shown, props)

  const visible = shown.flatMap(({ lines }) => lines)
  const shownValue = (line: PlotLine) => {
    const at = visible.findIndex(({ key }) => key === line.key)
    return hover === undefined ? newest(line.values) : hover.values[at]
  }
  const toggle = (key: string) => setHidden(toggled(hidden, key))
  return (
    <figure class="chart">
      <div class="legend">
        <span class="legend-x">{formatX(hover?.x ?? end)}</span>
        {all.map((line) => (
          <LegendItem
            key={line.key}
            line={line}
            off={hidden.has(line.key)}
            text={text(shownValue(line), formatY)}
            onToggle={() => toggle(line.key)}
          />
        ))}
        {zoomed && (
          <button type="button" class="quiet" onClick={zoomOut}>
            Zoom out
          </button>
        )}
      </div>
      <div class={low ? 'plot low' : 'plot'} role="img" aria-label={`${label}. ${summary}`} ref={place} />
    </figure>
  )
}

/** Makes the chart anew when its lines or its look change, else only draws. */
function usePlot(tables: PlotTable[], props: LineChartProps) {
  const { axis, dark, wall } = useView()
  const { start, end, log = false, stacked = false, fromZero = false, formatPlace } = props
  const place = useRef<HTMLDivElement>(null)
  const plot = useRef<Plot | undefined>(undefined)
  const [hover, setHover] = useState<Hover | undefined>()
  const [zoomed, onZoom] = useState(false)
  const lines = tables.flatMap((table) => table.lines)
  const look = JSON.stringify([lines.map(({ values: _, ...rest }) => rest), log, stacked, fromZero, axis, dark, wall])
  const format = useRef(formatPlace)
  format.current = formatPlace
  // `look` is all of the lines but their values.
  useEffect(() => {
    const made = new Plot(place.current!, lines, {
      spacings: spacings[axis],
      log,
      stacked,
      fromZero,
      formatX: (x) => format.current(x),
      onHover: setHover,
      onZoom,
    })
    plot.current = made
    onZoom(false)
    return () => made.remove()
  }, [look])
  useEffect(() => plot.current?.draw(tables, start, end), [tables, start, end, look])
  return { place, hover, zoomed, zoomOut: () => plot.current?.zoomOut() }
}

interface LegendItemProps {
  line: PlotLine
  off: boolean
  text: string
  onToggle: () => void
}

function LegendItem({ line, off, text: value, onToggle }: LegendItemProps) {
  const { colour, dash = 0, label, points = false, opacity = 1 } = line
  return (
    <button type="button" class="legend-item" aria-pressed={!off} title={off ? 'Show this line' : 'Hide this line'} onClick={onToggle}>
      <svg viewBox="0 0 20 8" width="20" height="8" aria-hidden="true" style={{ color: seriesVariable(colour), opacity: Math.max(0.5, opacity) }}>
        <line x1="0" y1="4" x2="20" y2="4" stroke="currentColor" stroke-width="2.5" stroke-dasharray={dashes[dash % dashes.length]!.join(' ')} />
        {points && <circle cx="10" cy="4" r="3.5" fill="currentColor" />}
      </svg>
      <span class="legend-name">{label}</span>
      <span class="legend-value">{value}</span>
    </button>
  )
}

const text = (value: number | undefined, format: (y: number) => string) => (value === undefined || Number.isNaN(value) ? '–' : format(value))

function newest(values: ArrayLike<number>): number | undefined {
  for (let i = values.length - 1; i >= 0; i--) if (!Number.isNaN(values[i]!)) return values[i]
  return undefined
}

function toggled(set: ReadonlySet<string>, key: string): ReadonlySet<string> {
  const next = new Set(set)
  if (!next.delete(key)) next.add(key)
  return next
}
