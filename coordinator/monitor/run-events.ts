/** What happens in a run, for whoever watches: told to listeners as it happens, kept in bounded memory for those who come later. */
import { EventHistory, type RunEvent } from './event-history.js'

export type { RunEvent }

type Kind = Omit<RunEvent, 'unixMs' | 'kind'>

export class RunEvents {
  private readonly past = new EventHistory()
  /** Sums over every rank of every step, also of those that are thinned out: a controller that learns in every fourth would be in all or in none of the rest. */
  private readonly times = { count: 0, totalMs: 0, controllerWaitMs: 0 }
  private readonly listeners = new Set<(event: RunEvent) => void>()

  /** `past`: what a run that is resumed has behind it, in order. */
  constructor(past: Iterable<RunEvent> = []) {
    for (const event of past) this.past.keep(event)
  }

  emit(kind: Kind): void {
    const name = (Object.keys(kind) as (keyof Kind)[])[0]!
    const event: RunEvent = { unixMs: Date.now(), ...kind, kind: name }
    if (event.step != null) this.addTimes(event.step.ranks)
    this.past.keep(event)
    for (const listener of [...this.listeners]) listener(event)
  }

  phase(phase: string, detail = ''): void {
    this.emit({ phase: { phase, detail } })
  }

  log(level: 'info' | 'warn' | 'error', message: string): void {
    this.emit({ log: { level, message } })
  }

  /** Past events in order: steps and surfaces from `fromStep`; of the steps at most `limit` of them, evenly thinned, the newest always; and the rest that is kept. */
  history(fromStep: number, limit: number): RunEvent[] {
    return this.past.list(fromStep, limit)
  }

  /** Time of a step, the mean over ranks and steps: steps in which the controller learns are longer. NaN before the first. */
  get stepMs(): number {
    return this.times.totalMs / this.times.count
  }

  /** Part of that time in which ranks waited for the controller's answer. */
  get controllerWaitShare(): number {
    return this.times.controllerWaitMs / this.times.totalMs
  }

  /** Returns the end of the subscription. */
  subscribe(listener: (event: RunEvent) => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  private addTimes(ranks: NonNullable<RunEvent['step']>['ranks']) {
    for (const { totalMs, controllerWaitMs } of ranks) {
      this.times.count++
      this.times.totalMs += totalMs
      this.times.controllerWaitMs += controllerWaitMs
    }
  }
}
