/** Examples a second over the last seconds of training: an exponential mean whose memory is about five seconds. Time between two segments, in which a run saves, evaluates or is paused, does not count. */
export class Pace {
  private lastMs = 0
  private rate = 0
  private readonly now: () => number

  constructor(now: () => number = () => performance.now()) {
    this.now = now
  }

  /** Training begins, or goes on. */
  start(): void {
    this.lastMs = this.now()
  }

  /** A step of so many examples is committed; returns the pace. */
  add(examples: number): number {
    const now = this.now()
    const seconds = Math.max((now - this.lastMs) / 1000, 1e-6)
    this.lastMs = now
    const weight = this.rate === 0 ? 1 : 1 - Math.exp(-seconds / 5)
    this.rate += weight * (examples / seconds - this.rate)
    return this.rate
  }
}
