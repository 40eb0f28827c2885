/** Says aloud that a run cannot be reached, and that the page goes on trying. The place is always there: screen readers watch it, and are told once; why is not read aloud at every try. */
import { withCode } from './panel.js'
import type { RunStore } from './run-store.js'
import { useRuns } from './use-runs.js'

export function Notice({ runs, lost }: { runs: RunStore[]; lost: boolean }) {
  useRuns(runs)
  const gone = runs.find((run) => run.lost !== '')
  const dashboard = lost || gone?.lost === 'dashboard'
  const shown = dashboard || gone !== undefined
  return (
    <div class={shown ? 'notice' : ''} id="notice">
      <p role="alert">
        {shown && (
          <>
            <strong>{dashboard ? 'dashboard does not answer, trying again' : 'coordinator does not answer, trying again'}</strong>{' '}
            <span>What is shown is what came last.</span>
          </>
        )}
      </p>
      {shown && <p class="notice-why">{dashboard ? withCode('Is `lossmith dashboard` still running?') : gone!.message}</p>}
    </div>
  )
}
