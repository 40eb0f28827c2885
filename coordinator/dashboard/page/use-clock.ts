/** The time, for what grows older on the page: draws its component again every `everyMs` while `running`. */
import { useEffect, useState } from 'preact/hooks'

export function useClock(everyMs: number, running = true): number {
  const [now, setNow] = useState(Date.now)
  useEffect(() => {
    if (!running) return
    const timer = setInterval(() => setNow(Date.now()), everyMs)
    return () => clearInterval(timer)
  }, [everyMs, running])
  // Between two ticks other changes may draw the component.
  return running ? Math.max(now, Date.now()) : now
}
