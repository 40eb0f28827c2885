/** The maps of all candidates, one tab stop: arrow keys move the place that is looked at through labels, probabilities and values. */
import { useState } from 'preact/hooks'
import { CandidateMap, type CandidateMapProps } from './candidate-map.js'
import { type Cursor, moved } from './cursor.js'
import { HeatLegend } from './heat-legend.js'
import { Readout } from './readout.js'

export interface SurfaceMapsProps extends Omit<CandidateMapProps, 'candidate' | 'cursor' | 'point'> {
  readonly field: string
}

export function SurfaceMaps({ field, ...maps }: SurfaceMapsProps) {
  const { surfaces, shown, labels, labelNames, values, choose } = maps
  const [cursor, point] = useState<Cursor | undefined>(undefined)
  const [spoken, speak] = useState(false)
  const surface = surfaces[shown]!
  const { candidates, probabilities } = surface
  const press = (event: KeyboardEvent) => {
    const extent = { labels: labels.length, values: values.length, probabilities: probabilities.length }
    const next = moved(cursor ?? middle(maps.chosen, probabilities.length), event.key, extent)
    if (next === undefined) return
    event.preventDefault()
    speak(true)
    point(next)
    choose(next.value)
  }
  const known = cursor !== undefined && cursor.value < values.length && cursor.label < labels.length ? cursor : undefined
  return (
    <div class="surface-maps">
      <div class="maps-head">
        <h3>Weight by p, the probability that the model gives {labels.length > 2 ? 'the label' : 'y = 1'}</h3>
        <HeatLegend />
      </div>
      <Readout {...{ surface, field, labels, labelNames, values, spoken }} cursor={known} />
      <section
        class="candidates"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the arrow keys read the maps
        tabIndex={0}
        aria-label="Maps of the weights: arrow keys move through them"
        // Room for the name of each label.
        style={{ '--candidate-width': `${Math.max(13, 3.5 + 3.1 * labels.length)}rem` }}
        onKeyDown={press}
        onFocus={() => cursor ?? point(middle(maps.chosen, probabilities.length))}
      >
        {candidates.map((name, candidate) => (
          <CandidateMap
            key={name}
            {...maps}
            candidate={candidate}
            cursor={known}
            point={(place) => {
              speak(false)
              point(place)
            }}
          />
        ))}
      </section>
    </div>
  )
}

const middle = (value: number, probabilities: number): Cursor => ({ label: 0, value, at: Math.floor(probabilities / 2) })
