/** What can be asked of the run: pause, resume, checkpoint, stop (asked twice). A button that cannot be used stays reachable and says why. */
import { useEffect, useRef, useState } from 'preact/hooks'
import type { Answer, Request } from './messages.js'
import type { RunStore } from './run-store.js'
import { useRuns } from './use-runs.js'

const names: Record<Request, string> = { pause: 'Pause', resume: 'Resume', checkpoint: 'Checkpoint', stop: 'Stop' }
const icons: Record<Request, string> = {
  pause: 'M5 3v10M11 3v10',
  resume: 'M5 3l8 5-8 5z',
  checkpoint: 'M8 2v8M4.5 7L8 10.5 11.5 7M3 13.5h10',
  stop: 'M4 4h8v8H4z',
}
const confirmMs = 5000
const toldMs = 8000

export function Controls({ run }: { run: RunStore }) {
  useRuns([run])
  const [sure, setSure] = useState(false)
  const [busy, setBusy] = useState<Request | undefined>()
  const [told, tell] = useTold()
  useEffect(() => {
    if (!sure) return
    const timer = window.setTimeout(() => setSure(false), confirmMs)
    return () => window.clearTimeout(timer)
  }, [sure])

  const click = async (request: Request) => {
    const reason = refusal(run, request)
    if (busy !== undefined) return
    if (reason !== undefined) return tell(`${names[request]}: ${reason}.`, false)
    if (request === 'stop' && !sure) return setSure(true)
    setSure(false)
    setBusy(request)
    const { accepted, reason: answer } = await ask(run.id, request)
    setBusy(undefined)
    tell(accepted ? `${names[request]}: ${done[request]}.` : `${names[request]} was refused: ${answer}`, accepted)
  }
  return (
    <div class="controls">
      <fieldset>
        <legend class="hidden">Ask of the run</legend>
        {(Object.keys(names) as Request[]).map((request) => {
          const reason = refusal(run, request)
          const asking = request === 'stop' && sure
          return (
            <button
              type="button"
              key={request}
              id={request}
              class={asking ? 'control sure' : 'control'}
              aria-disabled={reason !== undefined}
              aria-busy={busy === request}
              title={reason ?? hints[request]}
              onClick={() => void click(request)}
            >
              <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
                <path d={icons[request]} />
              </svg>
              <span>{asking ? 'Stop for good?' : names[request]}</span>
            </button>
          )
        })}
      </fieldset>
      <p class={told?.good === false ? 'told bad' : 'told'} role="status" hidden={told === undefined}>
        {told?.text}
      </p>
    </div>
  )
}

const hints: Record<Request, string> = {
  pause: 'All workers stop after the same step, with a checkpoint, and wait',
  resume: 'Goes on from where it was paused',
  checkpoint: 'Writes a checkpoint after the next step',
  stop: 'Stops after the next step, with a checkpoint, and ends the run; asks again first',
}

const done: Record<Request, string> = {
  pause: 'the run stops after the next step',
  resume: 'the run goes on',
  checkpoint: 'written after the next step',
  stop: 'the run ends after the next step',
}

/** Why this cannot be asked now; undefined where it can. */
function refusal(run: RunStore, request: Request): string | undefined {
  const { description, phase } = run
  if (run.over) return 'the run is over'
  if (!run.connected) return 'the coordinator does not answer'
  if (description === undefined) return 'the run is not known yet'
  if (!description.live) return 'no coordinator works on this run'
  const paused = description.paused || phase === 'paused'
  if (request === 'pause' && paused) return 'the run is paused already'
  if (request === 'resume' && !paused) return 'the run is not paused'
  if (request === 'checkpoint' && !paused && phase !== 'training') return `the run does not train, it is ${phase}`
  return undefined
}

async function ask(id: string, request: Request): Promise<Answer> {
  try {
    const options = { method: 'POST', headers: { 'x-lossmith': '1', 'content-type': 'application/json' }, body: '{}' }
    const answer = await fetch(`api/runs/${encodeURIComponent(id)}/${request}`, options)
    const { accepted = false, reason = `status ${answer.status}` } = (await answer.json()) as Partial<Answer>
    return { accepted, reason }
  } catch {
    return { accepted: false, reason: 'the dashboard does not answer' }
  }
}

/** The newest answer, for a while. */
function useTold(): [{ text: string; good: boolean } | undefined, (text: string, good: boolean) => void] {
  const [told, setTold] = useState<{ text: string; good: boolean } | undefined>()
  const timer = useRef(0)
  const tell = (text: string, good: boolean) => {
    window.clearTimeout(timer.current)
    setTold({ text, good })
    timer.current = window.setTimeout(() => setTold(undefined), toldMs)
  }
  return [told, tell]
}
