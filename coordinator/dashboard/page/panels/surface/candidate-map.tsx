/** One candidate: its weight over p for each label at the shown step, a row for each value; below it how the chosen row moved, the newest step on top. */
import { useMemo } from 'preact/hooks'
import { seriesVariable } from '../../palette.js'
import type { Cursor } from './cursor.js'
import { HeatCanvas } from './heat-canvas.js'
import { stepCells, surfaceIndex, valueCells } from './surface-cells.js'
import type { Surface } from './surfaces.js'

export interface CandidateMapProps {
  readonly surfaces: readonly Surface[]
  /** Index of the shown surface. */
  readonly shown: number
  readonly candidate: number
  readonly labels: readonly number[]
  readonly labelNames: readonly string[]
  readonly values: readonly string[]
  /** Index of the value that `moved` is of. */
  readonly chosen: number
  readonly cursor: Cursor | undefined
  point(cursor: Cursor | undefined): void
  choose(value: number): void
  showSurface(at: number): void
}

const stepRows = 60

export function CandidateMap(props: CandidateMapProps) {
  const { surfaces, shown, candidate, labels, labelNames, values } = props
  const surface = surfaces[shown]!
  const height = values.length === 1 ? 44 : Math.max(12, Math.min(28, 160 / values.length))
  return (
    <figure class="candidate">
      <figcaption>
        <span class="swatch" style={{ background: seriesVariable(candidate) }} aria-hidden="true" />
        {surface.candidates[candidate]}
      </figcaption>
      <div class="candidate-maps" style={{ gridTemplateColumns: `auto repeat(${labels.length}, minmax(0, 1fr))` }}>
        <span />
        {labelNames.map((name) => (
          <span key={name} class="map-head">
            {name}
          </span>
        ))}
        <ValueNames {...props} rowHeight={height} />
        {labels.map((_, label) => (
          <NowMap key={label} {...props} label={label} rowHeight={height} />
        ))}
        <span class="map-side">step ↑</span>
        {labels.map((_, label) => (
          <MovedMap key={label} {...props} label={label} />
        ))}
        <span />
        {labels.map((label) => (
          <span key={label} class="map-ticks" aria-hidden="true">
            <span>0</span>
            <span>p</span>
            <span>1</span>
          </span>
        ))}
      </div>
    </figure>
  )
}

function ValueNames({ surfaces, shown, values, chosen, choose, rowHeight }: CandidateMapProps & { rowHeight: number }) {
  if (values.length === 1) return <span class="map-side">{shown === surfaces.length - 1 ? 'now' : 'then'}</span>
  return (
    <div class="value-names">
      {values.map((value, i) => (
        // The select above the maps does the same for keyboards.
        <span
          key={value}
          class={i === chosen ? 'value-name chosen' : 'value-name'}
          style={{ height: `${rowHeight}px`, fontSize: `${Math.min(12, rowHeight - 1)}px` }}
          title={value}
          onPointerDown={() => choose(i)}
        >
          {value === '' ? '(empty)' : value}
        </span>
      ))}
    </div>
  )
}

function NowMap({
  surfaces,
  shown,
  candidate,
  labels,
  label,
  values,
  cursor,
  point,
  choose,
  rowHeight,
}: CandidateMapProps & { label: number; rowHeight: number }) {
  const surface = surfaces[shown]!
  const columns = surface.probabilities.length
  const rows = useMemo(() => valueCells(surface, labels[label]!, values, candidate), [surface, labels[label], candidate])
  const place = (event: PointerEvent): Cursor => {
    const { left, top, width, height } = (event.currentTarget as HTMLElement).getBoundingClientRect()
    const part = (offset: number, size: number, count: number) => Math.min(count - 1, Math.max(0, Math.floor((offset / size) * count)))
    return { label, value: part(event.clientY - top, height, values.length), at: part(event.clientX - left, width, columns) }
  }
  return (
    <div
      class="map"
      style={{ height: `${values.length * rowHeight}px` }}
      onPointerMove={(event) => point(place(event))}
      onPointerLeave={(event) => event.pointerType === 'mouse' && point(undefined)}
      onPointerDown={(event) => {
        const at = place(event)
        point(at)
        choose(at.value)
      }}
    >
      <HeatCanvas rows={rows} columns={columns} />
      {values.length > 1 && <div class="map-rows" style={{ backgroundSize: `100% ${rowHeight}px` }} />}
      {cursor?.label === label && (
        <div
          class="map-cursor"
          style={{
            left: `${(100 * cursor.at) / columns}%`,
            width: `${100 / columns}%`,
            top: `${(100 * cursor.value) / values.length}%`,
            height: `${100 / values.length}%`,
          }}
        />
      )}
    </div>
  )
}

function MovedMap({ surfaces, shown, candidate, labels, label, values, chosen, cursor, showSurface }: CandidateMapProps & { label: number }) {
  const { step, probabilities } = surfaces[shown]!
  const [first, last] = [surfaces[0]!.step, surfaces.at(-1)!.step]
  const rows = useMemo(
    () => stepCells(surfaces, { label: labels[label]!, value: values[chosen]!, candidate }, stepRows),
    [surfaces.at(-1), surfaces.length, labels[label], values[chosen], candidate],
  )
  return (
    <div
      class="map moved"
      onPointerDown={(event) => {
        const { top, height } = event.currentTarget.getBoundingClientRect()
        showSurface(surfaceIndex(surfaces, 1 - (event.clientY - top) / height))
      }}
    >
      <HeatCanvas rows={rows} columns={probabilities.length} />
      <div class="map-step" style={{ top: `${last > first ? 100 - (100 * (step - first)) / (last - first) : 0}%` }} />
      {cursor?.label === label && (
        <div class="map-line" style={{ left: `${(100 * cursor.at) / probabilities.length}%`, width: `${100 / probabilities.length}%` }} />
      )}
    </div>
  )
}
