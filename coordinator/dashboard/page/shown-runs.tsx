/** The runs that are laid over each other, each with the colour and dash of its lines; and what all charts count along. */
import { Choice } from './choice.js'
import { dashes, seriesVariable } from './palette.js'
import type { RunStore } from './run-store.js'
import { useRuns } from './use-runs.js'
import { useView } from './view.js'

export function ShownRuns({ runs, onShow }: { runs: RunStore[]; onShow: (ids: string[]) => void }) {
  useRuns(runs)
  const { axis, setAxis } = useView()
  const ids = runs.map(({ id }) => id)
  const alone = runs.length === 1 ? runs[0] : undefined
  return (
    <section class="shown" aria-label="Shown runs and the axis of charts">
      {alone !== undefined && <p class="shown-detail">{detailOf(alone)}</p>}
      {runs.length > 1 && (
        <ul>
          {runs.map((run, i) => (
            <li key={run.id}>
              <button
                type="button"
                class="shown-run"
                aria-pressed={i === 0}
                title={i === 0 ? 'The panels of one run show this one' : 'Show this one in the panels of one run'}
                onClick={() => onShow([run.id, ...ids.filter((id) => id !== run.id)])}
              >
                <svg viewBox="0 0 24 8" width="24" height="8" aria-hidden="true" style={{ color: seriesVariable(i) }}>
                  <line x1="0" y1="4" x2="24" y2="4" stroke="currentColor" stroke-width="3" stroke-dasharray={dashes[i % dashes.length]!.join(' ')} />
                </svg>
                {run.title}
                <span class="shown-phase">{run.lost !== '' ? 'no answer' : run.phase}</span>
              </button>
              <button
                type="button"
                class="icon-button"
                aria-label={`Take ${run.title} away`}
                onClick={() => onShow(ids.filter((id) => id !== run.id))}
              >
                <svg viewBox="0 0 16 16" width="14" height="14" aria-hidden="true">
                  <path d="M4 4l8 8M12 4l-8 8" />
                </svg>
              </button>
            </li>
          ))}
        </ul>
      )}
      <Choice
        label="Charts count along"
        value={axis}
        onChange={setAxis}
        choices={[
          ['step', 'steps'],
          ['examples', 'examples'],
          ['time', 'time'],
        ]}
      />
    </section>
  )
}

/** What its phase is about, as `epoch 3 from step 301`, or why it was paused. */
function detailOf(run: RunStore): string {
  if (run.over) return run.description?.directory ?? ''
  if (run.description?.live === false) return run.message
  return run.phaseDetail === '' ? '' : `${run.phase}: ${run.phaseDetail}`
}
