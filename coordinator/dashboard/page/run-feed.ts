/**
 * Feeds a store from the stream of its run (server-sent events). The browser reconnects by itself; where it gives up, this tries again.
 * A hidden page closes its stream: browsers open six connections to one origin, for all pages together. Seen again, it gets the history anew.
 */
import type { RunStore } from './run-store.js'

const retryMs = 2000

/** Returns the end of the feed. */
export function openFeed(store: RunStore): () => void {
  let source: EventSource | undefined
  let timer = 0
  const close = () => {
    window.clearTimeout(timer)
    source?.close()
    source = undefined
  }
  const open = () => {
    close()
    source = subscribe(store, () => {
      timer = window.setTimeout(open, retryMs)
    })
  }
  const follow = () => (document.hidden ? close() : open())
  document.addEventListener('visibilitychange', follow)
  follow()
  return () => {
    document.removeEventListener('visibilitychange', follow)
    close()
  }
}

function subscribe(store: RunStore, onGivenUp: () => void): EventSource {
  const source = new EventSource(`api/runs/${encodeURIComponent(store.id)}/stream`)
  const on = <T>(name: string, take: (message: T) => void) =>
    source.addEventListener(name, (event) => take(JSON.parse((event as MessageEvent<string>).data) as T))
  on<Parameters<RunStore['setState']>[0]>('state', (state) => store.setState(state))
  on<Parameters<RunStore['setDescription']>[0]>('describe', (description) => store.setDescription(description))
  on('reset', () => store.reset())
  on<Parameters<RunStore['addEvents']>[0]>('events', (events) => store.addEvents(events))
  on<Parameters<RunStore['setProgress']>[0]>('progress', (progress) => store.setProgress(progress))
  source.addEventListener('error', (event) => {
    // A message that is named `error` is none of the connection's.
    if (event instanceof MessageEvent) return
    store.setLost()
    if (source.readyState === EventSource.CLOSED) onGivenUp()
  })
  return source
}
