/** Which of the surfaces is shown: the newest while live, one that was chosen, or one after the other while playing. */
import { useEffect, useState } from 'preact/hooks'

export interface Timeline {
  /** Of the shown surface. */
  readonly at: number
  readonly live: boolean
  readonly playing: boolean
  show(at: number): void
  goLive(): void
  /** From the shown one, or from the first when the newest is shown. */
  togglePlaying(): void
}

/** A whole sweep takes about this long, whatever the number of surfaces. */
const sweepMs = 6000

export function useTimeline(count: number): Timeline {
  const [chosen, choose] = useState<number | undefined>(undefined)
  const [playing, setPlaying] = useState(false)
  const newest = count - 1
  const live = chosen === undefined
  const at = live ? newest : Math.min(chosen, newest)
  useEffect(() => {
    if (!playing) return
    const frame = Math.min(400, Math.max(50, sweepMs / count))
    const timer = setInterval(() => choose((now) => (now === undefined ? 0 : now + 1)), frame)
    return () => clearInterval(timer)
  }, [playing, count])
  useEffect(() => {
    if (!playing || chosen === undefined || chosen < newest) return
    setPlaying(false)
    choose(undefined)
  }, [playing, chosen, newest])
  return {
    at,
    live,
    playing,
    show: (index) => {
      setPlaying(false)
      choose(index)
    },
    goLive: () => {
      setPlaying(false)
      choose(undefined)
    },
    togglePlaying: () => {
      if (!playing && at === newest) choose(0)
      setPlaying(!playing)
    },
  }
}
