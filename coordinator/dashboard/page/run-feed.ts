/** Feeds a store from the stream of its run (server-sent events). The browser reconnects by itself; where it gives up, this tries again. */
import type { RunStore } from './run-store.js'

const retryMs = 2000

/** Returns the end of the feed. */
export function openFeed(store: RunStore): () => void {
  let source: EventSource
  let timer = 0
  const open = () => {
    source = new EventSource(`api/runs/${encodeURIComponent(store.id)}/stream`)
    const on = <T>(name: string, take: (message: T) => void) =>
      source.addEventListener(name, (event) => take(JSON.parse((event as MessageEvent<string>).data) as T))
    on<Parameters<RunStore['setState']>[0]>('state', (state) => store.setState(state))
    on<Parameters<RunStore['setDescription']>[0]>('describe', (description) => store.setDescription(description))
    on('reset', () => store.reset())
    on<Parameters<RunStore['addEvents']>[0]>('events', (events) => store.addEvents(events))
    on<Parameters<RunStore['setProgress']>[0]>('progress', (progress) => store.setProgress(progress))
    source.addEventListener('error', (event) => {
      if (event instanceof MessageEvent) return
      store.setLost()
      if (source.readyState === EventSource.CLOSED) timer = window.setTimeout(open, retryMs)
    })
  }
  open()
  return () => {
    window.clearTimeout(timer)
    source.close()
  }
}
