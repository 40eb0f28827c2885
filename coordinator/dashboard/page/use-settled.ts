/** False until the page knows what its first run holds, so that panels come filled and in their places. A run that nothing is heard of is not waited for. */
import { useEffect, useState } from 'preact/hooks'
import type { RunStore } from './run-store.js'

const patienceMs = 1500
/** History comes in parts: the first are not shown without the others. */
const quietMs = 120

export function useSettled(run: RunStore | undefined): boolean {
  const [settled, settle] = useState(false)
  useEffect(() => {
    if (settled || run === undefined) return
    let quiet = 0
    const wait = () => {
      window.clearTimeout(quiet)
      if (run.description !== undefined && run.notes.length > 0) quiet = window.setTimeout(() => settle(true), quietMs)
    }
    const timer = window.setTimeout(() => settle(true), patienceMs)
    const end = run.subscribe(wait)
    wait()
    return () => {
      window.clearTimeout(quiet)
      window.clearTimeout(timer)
      end()
    }
  }, [settled, run])
  return settled
}
