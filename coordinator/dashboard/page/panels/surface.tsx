/** Which loss which kind of example is trained with, and how that moves: the controller's surfaces as heat maps. Of the first run that is shown. */
import { useMemo, useState } from 'preact/hooks'
import { jobNumber } from '../job-number.js'
import { Panel } from '../panel.js'
import type { PanelInput } from '../panel-input.js'
import type { RunStore } from '../run-store.js'
import { useRuns } from '../use-runs.js'
import { SurfaceView } from './surface/surface-view.js'
import { widestPair } from './surface/surface-words.js'
import { fieldsOf, surfacesOf } from './surface/surfaces.js'

/** Between the values of a field: more than the noise of a controller that has nothing to tell apart. */
const tellsApart = 0.25

export function SurfacePanel({ primary }: PanelInput) {
  useRuns([primary])
  const [chosen, choose] = useState('')
  const fields = fieldsOf(primary.surfaces)
  const field = fields.includes(chosen) ? chosen : ''
  const surfaces = surfacesOf(primary.surfaces, field)
  // A step's surfaces come one by one, each as a new list.
  const options = useMemo(() => fields.map((name) => ({ name, contrast: contrastOf(primary, name) })), [primary, primary.surfaces.at(-1)])
  const widest = options.reduce<(typeof options)[number] | undefined>((a, b) => (a !== undefined && a.contrast >= b.contrast ? a : b), undefined)
  return (
    <Panel
      name="surface"
      title="Which loss for which example"
      size={primary.lossMode === 'one' ? 'wide' : 'full'}
      filled={surfaces.length > 0}
      empty={emptyWords(primary)}
      actions={
        fields.length > 0 && (
          <label>
            rows{' '}
            <select value={field} onChange={(event) => choose(event.currentTarget.value)}>
              <option value="">all examples</option>
              {options.map(({ name, contrast }) => (
                <option key={name} value={name}>
                  by {name} (values differ by {contrast.toFixed(2)})
                </option>
              ))}
            </select>
          </label>
        )
      }
    >
      <SurfaceView
        key={`${primary.id} ${field}`}
        surfaces={surfaces}
        field={field}
        firstClass={jobNumber(primary.description?.jobYaml, 'firstClass') ?? 0}
        growing={primary.description?.live ?? false}
      >
        {field === '' && widest !== undefined && widest.contrast >= tellsApart && (
          <p>
            <button type="button" class="surface-hint" onClick={() => choose(widest.name)}>
              The values of {widest.name} are trained differently, by up to {widest.contrast.toFixed(2)}: show them
            </button>
          </p>
        )}
      </SurfaceView>
    </Panel>
  )
}

/** How far the values of a field are apart for the controller now. */
function contrastOf({ surfaces }: RunStore, field: string): number {
  return widestPair(surfacesOf(surfaces, field).at(-1)!)?.distance ?? 0
}

function emptyWords({ lossMode, over }: RunStore): string {
  if (lossMode === 'one')
    return 'Every example is trained with the same loss. With `loss: {search: [bce, focal, kl]}` in the job, a controller learns a loss for each kind of example, and is seen here.'
  if (lossMode !== undefined && lossMode !== 'search')
    return 'The job says which loss an example is trained with, and no controller learns it. With `loss: {search: [bce, focal, kl]}` one does, and is seen here.'
  return over ? 'The run ended before its training began.' : 'What the controller has learned, as soon as training has begun.'
}
