/** The exchange of simulated workers: an object in this process in place of sockets, which can break as those do. */
import { transientError } from '../common/errors.js'
import type { LaneStep } from '../proto/generated/lossmith/v1/LaneStep.js'

/** All ranks of one run: what one gives, everyone gets. */
export class SimulatedWorld {
  private readonly size: number
  private given: { lanes: LaneStep[]; order: boolean }[] = []
  private waiting: ((all: { lanes: LaneStep[]; order: boolean }[]) => void)[] = []
  private breaks: ((error: Error) => void)[] = []
  private broken: Error | undefined

  constructor(size: number) {
    this.size = size
  }

  exchange(lanes: LaneStep[], order: boolean): Promise<{ lanes: LaneStep[]; order: boolean }[]> {
    if (this.broken !== undefined) return Promise.reject(this.broken)
    return new Promise((resolve, reject) => {
      this.given.push({ lanes, order })
      this.waiting.push(resolve)
      this.breaks.push(reject)
      if (this.given.length < this.size) return
      const all = this.given.splice(0)
      this.breaks = []
      for (const wake of this.waiting.splice(0)) wake(all)
    })
  }

  break(): void {
    this.broken = transientError('collective-broken', '[collective] wanted bytes of another rank, got a closed connection')
    for (const reject of this.breaks.splice(0)) reject(this.broken)
  }
}
