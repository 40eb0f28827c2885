/** One run's surfaces of one field: what they say in words, the slider over the steps, the maps of each candidate, how their means moved. */
import type { ComponentChildren } from 'preact'
import { useMemo, useState } from 'preact/hooks'
import { MeanWeights } from './mean-weights.js'
import { labelsOf, valuesOf } from './surface-cells.js'
import { SurfaceMaps } from './surface-maps.js'
import { surfaceWords } from './surface-words.js'
import type { Surface } from './surfaces.js'
import { TimeSlider } from './time-slider.js'
import { useTimeline } from './use-timeline.js'

export interface SurfaceViewProps {
  readonly surfaces: readonly Surface[]
  /** '': of all examples. */
  readonly field: string
  readonly firstClass: number
  /** The run goes on. */
  readonly growing: boolean
  /** Beneath the words. */
  readonly children?: ComponentChildren
}

export function SurfaceView({ surfaces, field, firstClass, growing, children }: SurfaceViewProps) {
  const timeline = useTimeline(surfaces.length)
  const [chosenValue, chooseValue] = useState('')
  const surface = surfaces[timeline.at]!
  const labels = labelsOf(surface)
  const labelNames = labels.map((label) => `y = ${label + firstClass}`)
  const values = valuesOf(surface)
  const chosen = Math.max(0, values.indexOf(chosenValue))
  const words = useMemo(() => surfaceWords(surface, { field, firstClass }), [surface, field, firstClass])
  return (
    <>
      <div class="surface-words">
        {words.map((sentence) => (
          <p key={sentence}>{sentence}</p>
        ))}
      </div>
      {children}
      <TimeSlider surfaces={surfaces} timeline={timeline} growing={growing} />
      <SurfaceMaps
        {...{ surfaces, field, labels, labelNames, values, chosen }}
        shown={timeline.at}
        choose={(value) => chooseValue(values[value]!)}
        showSurface={timeline.show}
      />
      <div class="mean-head">
        <h3>Mean weight over p, step by step</h3>
        {values.length > 1 && (
          <label>
            of {field}{' '}
            <select value={values[chosen]} onChange={(event) => chooseValue(event.currentTarget.value)}>
              {values.map((value) => (
                <option key={value} value={value}>
                  {value === '' ? '(empty)' : value}
                </option>
              ))}
            </select>
          </label>
        )}
      </div>
      <div class="means">
        {labels.map((label, i) => (
          <MeanWeights key={label} surfaces={surfaces} shown={timeline.at} label={label} name={labelNames[i]!} value={values[chosen]!} />
        ))}
      </div>
    </>
  )
}
