/** The mixture at the place that is looked at, in words and as a bar whose parts sum to one. */
import { seriesVariable } from '../../palette.js'
import type { Cursor } from './cursor.js'
import { mixtureAt } from './surface-cells.js'
import type { Surface } from './surfaces.js'

export interface ReadoutProps {
  readonly surface: Surface
  readonly field: string
  readonly labels: readonly number[]
  readonly labelNames: readonly string[]
  readonly values: readonly string[]
  readonly cursor: Cursor | undefined
  /** Moved by keys: what is shown is also said. */
  readonly spoken: boolean
}

export function Readout({ surface, field, labels, labelNames, values, cursor, spoken }: ReadoutProps) {
  if (cursor === undefined)
    return <p class="readout faint">Point at a map for the mixture there; with the keyboard, focus the maps and use the arrow keys.</p>
  const value = values[cursor.value]!
  const mixture = mixtureAt(surface, labels[cursor.label]!, value, cursor.at)
  const sum = mixture.reduce((total, weight) => total + weight, 0)
  const where = [
    ...(field === '' ? [] : [`${field} = ${value === '' ? '(empty)' : value}`]),
    labelNames[cursor.label]!,
    `p = ${surface.probabilities[cursor.at]!.toFixed(2)}`,
  ]
  return (
    <div class="readout" role={spoken ? 'status' : undefined}>
      <span class="readout-where">{where.join(', ')}:</span>
      <span class="readout-bar" aria-hidden="true">
        {mixture.map((weight, k) => (
          <span key={surface.candidates[k]} style={{ width: `${100 * weight}%`, background: seriesVariable(k) }} />
        ))}
      </span>
      {mixture.map((weight, k) => (
        <span key={surface.candidates[k]} class="readout-part">
          <span class="swatch" style={{ background: seriesVariable(k) }} aria-hidden="true" />
          {surface.candidates[k]} <b>{weight.toFixed(2)}</b>
        </span>
      ))}
      <span class="faint">sum {sum.toFixed(2)}</span>
    </div>
  )
}
