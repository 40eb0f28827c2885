/** Says aloud that a run cannot be reached, and that the page goes on trying. The place is always there: screen readers watch it, and are told once; why is not read aloud at every try. */
import { withCode } from './panel.js'
import type { RunStore } from './run-store.js'
import { useRuns } from './use-runs.js'

export function Notice({ runs, lost }: { runs: RunStore[]; lost: boolean }) {
  useRuns(runs)
  const gone = runs.find((run) => run.lost !== '')
  const dashboard = lost || gone?.lost === 'dashboard'
  // The dashboard of `lossmith train` ends with its run.
  const ended = dashboard && runs.every(({ over }) => over)
  const shown = dashboard || gone !== undefined
  return (
    <div class={shown ? `notice ${ended ? 'calm' : ''}` : ''} id="notice">
      <p role="alert">
        {shown && (
          <>
            <strong>{ended ? 'The dashboard has ended.' : `${dashboard ? 'dashboard' : 'coordinator'} does not answer, trying again`}</strong>{' '}
            {runs.some(({ description }) => description !== undefined) && <span>What is shown is what came last.</span>}
          </>
        )}
      </p>
      {shown && <p class="notice-why">{dashboard ? withCode(ended ? again(runs) : 'Is `lossmith dashboard` still running?') : gone!.message}</p>}
    </div>
  )
}

const again = (runs: RunStore[]) =>
  `\`lossmith dashboard ${runs.map(({ description, info }) => description?.directory || info.where).join(' ')}\` shows this again.`
