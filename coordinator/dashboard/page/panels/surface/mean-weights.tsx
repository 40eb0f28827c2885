/** How the mean weights of a label moved: areas that fill the height, since weights sum to one, with their names at the end. */
import { seriesVariable } from '../../palette.js'
import { meanMixture } from './surface-cells.js'
import type { Surface } from './surfaces.js'

export interface MeanWeightsProps {
  readonly surfaces: readonly Surface[]
  readonly shown: number
  readonly label: number
  readonly name: string
  readonly value: string
}

export function MeanWeights({ surfaces, shown, label, name, value }: MeanWeightsProps) {
  const [first, last] = [surfaces[0]!.step, surfaces.at(-1)!.step]
  const { candidates } = surfaces[0]!
  const x = (step: number) => (last > first ? (100 * (step - first)) / (last - first) : 100)
  const means = surfaces.map((surface) => meanMixture(surface, label, value))
  const places = surfaces.map(({ step }) => x(step))
  // One surface alone holds over the whole width.
  const bands = last > first ? stackedBands(means, places) : stackedBands([means[0]!, means[0]!], [0, 100])
  const now = means[shown]!
  return (
    <figure class="mean-weights">
      <figcaption>{name}</figcaption>
      <div class="mean-plot">
        <svg
          viewBox="0 0 100 100"
          preserveAspectRatio="none"
          role="img"
          aria-label={`Mean weights for ${name}: ${named(candidates, now)} at step ${surfaces[shown]!.step}`}
        >
          {bands.map((path, k) => (
            <path key={candidates[k]} class="band" d={path} style={{ fill: seriesVariable(k) }} />
          ))}
          <line class="mean-step" x1={x(surfaces[shown]!.step)} x2={x(surfaces[shown]!.step)} y1="0" y2="100" vector-effect="non-scaling-stroke" />
        </svg>
        <ul class="mean-names">
          {candidates.map((candidate, k) => (
            <li key={candidate}>
              <span class="swatch" style={{ background: seriesVariable(k) }} aria-hidden="true" />
              {candidate} <b>{now[k]!.toFixed(2)}</b>
            </li>
          ))}
        </ul>
      </div>
    </figure>
  )
}

/** Outlines in a square of 100: the first candidate at the bottom. A surface holds until the next one. */
function stackedBands(means: readonly (readonly number[])[], x: readonly number[]): string[] {
  const count = means[0]?.length ?? 0
  let floor = means.map(() => 0)
  return Array.from({ length: count }, (_, k) => {
    const ceiling = floor.map((low, i) => low + means[i]![k]!)
    const along = (heights: readonly number[]) => heights.map((height, i) => `${x[i]!.toFixed(2)} ${(100 - 100 * height).toFixed(2)}`)
    const path = `M${[...along(ceiling), ...along(floor).reverse()].join('L')}Z`
    floor = ceiling
    return path
  })
}

const named = (candidates: readonly string[], weights: readonly number[]) =>
  candidates.map((name, k) => `${name} ${weights[k]!.toFixed(2)}`).join(', ')
