/** Says aloud that a run cannot be reached, and that the page goes on trying. The place is always there: screen readers watch it. */
import type { RunStore } from './run-store.js'
import { useRuns } from './use-runs.js'

export function Notice({ runs, lost }: { runs: RunStore[]; lost: boolean }) {
  useRuns(runs)
  const gone = runs.find((run) => run.lost !== '')
  const dashboard = lost || gone?.lost === 'dashboard'
  return (
    <div class="notice-place" id="notice" role="alert" aria-live="assertive">
      {(dashboard || gone !== undefined) && (
        <p class="notice">
          <strong>{dashboard ? 'dashboard does not answer, trying again' : 'coordinator does not answer, trying again'}</strong>
          <span>
            {dashboard
              ? 'What is shown is what came last. Is lossmith dashboard still running?'
              : `${gone!.message} What is shown is what came last.`}
          </span>
        </p>
      )}
    </div>
  )
}
