/** Draws a component again when one of its runs changed, at most every `everyMs`: people cannot read faster. */
import { useEffect, useReducer } from 'preact/hooks'
import type { RunStore } from './run-store.js'

export function useRuns(runs: readonly RunStore[], everyMs = 250): void {
  const [, redraw] = useReducer((count: number, _: undefined) => count + 1, 0)
  const ids = runs.map(({ id }) => id).join()
  useEffect(() => {
    let timer = 0
    const soon = () => {
      if (timer !== 0) return
      timer = window.setTimeout(() => {
        timer = 0
        redraw(undefined)
      }, everyMs)
    }
    const ends = runs.map((run) => run.subscribe(soon))
    redraw(undefined)
    return () => {
      window.clearTimeout(timer)
      for (const end of ends) end()
    }
  }, [ids, everyMs])
}
