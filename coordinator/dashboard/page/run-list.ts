/** The runs that the dashboard knows, asked for again now and then; which of them the page shows, kept in its address: `?run=a&run=b`, the first is the primary. */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { RunInfo, Settings } from './messages.js'
import { openFeed } from './run-feed.js'
import { RunStore } from './run-store.js'

/** A browser opens six connections to one origin: each run that is shown takes one, requests need others. */
export const maxShown = 4
const everyMs = 5000

export interface RunList {
  /** Undefined until the first answer. */
  infos: RunInfo[] | undefined
  settings: Settings
  /** The dashboard does not answer. */
  lost: boolean
}

export function useRunList(): RunList {
  const [list, setList] = useState<RunList>({ infos: undefined, settings: { readOnly: true, version: '' }, lost: false })
  useEffect(() => {
    let timer = 0
    let settings: Settings | undefined
    const ask = async () => {
      try {
        settings ??= await get<Settings>('api/settings')
        const infos = await get<RunInfo[]>('api/runs')
        setList({ infos, settings, lost: false })
      } catch {
        setList((last) => ({ ...last, lost: true }))
      }
      timer = window.setTimeout(ask, everyMs)
    }
    void ask()
    return () => window.clearTimeout(timer)
  }, [])
  return list
}

async function get<T>(path: string): Promise<T> {
  const answer = await fetch(path)
  if (!answer.ok) throw new Error(`[${path}] wanted an answer, got status ${answer.status}`)
  return (await answer.json()) as T
}

/** The shown runs with their stores: a store is fed as long as its run is shown. The newest run where the address names none. */
export function useShownRuns(infos: readonly RunInfo[] | undefined): [runs: RunStore[], show: (ids: string[]) => void] {
  const [ids, setIds] = useState(() => new URLSearchParams(location.search).getAll('run'))
  const open = useRef(new Map<string, { store: RunStore; end: () => void }>())
  const known = ids.flatMap((id) => infos?.find((info) => info.id === id) ?? [])
  // The newest of the list would change under the eyes of who looks: the first choice stays.
  const first = useRef<string | undefined>(undefined)
  first.current ??= infos?.[0]?.id
  const chosen = known.length > 0 ? known : (infos ?? []).filter(({ id }) => id === first.current)
  const key = chosen.map(({ id }) => id).join('\n')
  // The stores of the same runs are the same, whatever the list says of them meanwhile.
  const runs = useMemo(() => chosen.slice(0, maxShown).map((info) => open.current.get(info.id)?.store ?? openStore(open.current, info)), [key])
  useEffect(() => {
    for (const [id, { end }] of open.current) {
      if (runs.some((run) => run.id === id)) continue
      end()
      open.current.delete(id)
    }
  }, [runs])
  return [
    runs,
    (next) => {
      setIds(next)
      const query = new URLSearchParams(location.search)
      query.delete('run')
      for (const id of next) query.append('run', id)
      history.replaceState(null, '', `?${query}`)
    },
  ]
}

function openStore(open: Map<string, { store: RunStore; end: () => void }>, info: RunInfo): RunStore {
  const store = new RunStore(info, { schedule: (notify) => requestAnimationFrame(notify) })
  open.set(info.id, { store, end: openFeed(store) })
  return store
}
