/**
 * What happens in a run, for whoever watches: bounded memory however long the run is. Steps are thinned to every second, fourth, … as they
 * grow in number, pictures of the controller likewise; of everything else the newest thousand stay.
 */
import type { RunEvent__Output as RunEvent } from '../../proto/generated/lossmith/v1/RunEvent.js'

export type { RunEvent }

type Kind = Omit<RunEvent, 'unixMs' | 'kind'>

const stepCapacity = 4096
/** Steps with surfaces: one for all examples, and one by value of each small field. */
const surfaceCapacity = 64
const otherCapacity = 1000

export class RunEvents {
  private steps: RunEvent[] = []
  private stride = 1
  private counted = 0
  /** Sums over every rank of every step, also of those that are thinned out: a controller that learns in every fourth would be in all or in none of the rest. */
  private readonly times = { count: 0, totalMs: 0, controllerWaitMs: 0 }
  /** By step. */
  private surfaces: RunEvent[][] = []
  private others: RunEvent[] = []
  private readonly listeners = new Set<(event: RunEvent) => void>()

  emit(kind: Kind): void {
    const name = (Object.keys(kind) as (keyof Kind)[])[0]!
    const event: RunEvent = { unixMs: Date.now(), ...kind, kind: name }
    if (event.step != null) this.keepStep(event)
    else if (event.surface != null) this.keepSurface(event)
    else {
      this.others.push(event)
      if (this.others.length > otherCapacity) this.others.shift()
    }
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
    const steps = this.steps.filter((event) => event.step!.step >= fromStep)
    const stride = Math.max(1, Math.ceil(steps.length / limit))
    const thinned = steps.filter((_, i) => (steps.length - 1 - i) % stride === 0)
    const surfaces = this.surfaces.flat().filter((event) => event.surface!.step >= fromStep)
    return [...this.others, ...surfaces, ...thinned].sort((a, b) => a.unixMs - b.unixMs)
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

  private keepStep(event: RunEvent) {
    for (const { totalMs, controllerWaitMs } of event.step!.ranks) {
      this.times.count++
      this.times.totalMs += totalMs
      this.times.controllerWaitMs += controllerWaitMs
    }
    if (this.counted++ % this.stride !== 0) return
    this.steps.push(event)
    if (this.steps.length < stepCapacity) return
    this.steps = this.steps.filter((_, i) => i % 2 === 0)
    this.stride *= 2
  }

  /** The first and the newest always stay. */
  private keepSurface(event: RunEvent) {
    const newest = this.surfaces.at(-1)
    if (newest !== undefined && newest[0]!.surface!.step === event.surface!.step) newest.push(event)
    else this.surfaces.push([event])
    if (this.surfaces.length > surfaceCapacity) this.surfaces = this.surfaces.filter((_, i) => i % 2 === 0)
  }
}
