/**
 * Past events of a run in bounded memory however long it is: steps and pictures of the controller thin out; of everything else the newest of
 * each kind stay, so that a thousand rejects do not push out when the run began.
 */
import type { RunEvent__Output as RunEvent } from '../../proto/generated/lossmith/v1/RunEvent.js'
import { ThinnedGroups, ThinnedSteps } from './thinned.js'

export type { RunEvent }

export const stepCapacity = 4096
/** Steps with surfaces: one for all examples, and one by value of each small field. */
export const surfaceCapacity = 64
const otherCapacity = 1000

interface Kept {
  /** How many came before it. */
  readonly order: number
  readonly event: RunEvent
}

export class EventHistory {
  private count = 0
  private readonly steps = new ThinnedSteps<Kept>(stepCapacity)
  private readonly surfaces = new ThinnedGroups<Kept>(surfaceCapacity)
  private readonly others = new Map<RunEvent['kind'], Kept[]>()

  keep(event: RunEvent): void {
    const kept = { order: this.count++, event }
    if (event.step != null) this.steps.push(event.step.step, kept)
    else if (event.surface != null) this.surfaces.push(event.surface.step, kept)
    else {
      const same = this.others.get(event.kind) ?? []
      this.others.set(event.kind, same)
      same.push(kept)
      // Shifting one off a thousand each time would cost more than it keeps.
      if (same.length > 1.1 * otherCapacity) same.splice(0, same.length - otherCapacity)
    }
  }

  /** In the order they came: steps and surfaces from `fromStep`; of the steps at most `limit` of them, evenly thinned, the newest always; and the rest that is kept. */
  list(fromStep = 0, limit = Number.POSITIVE_INFINITY): RunEvent[] {
    const others = [...this.others.values()].flatMap((kept) => kept.slice(-otherCapacity))
    const all = [...others, ...this.surfaces.list(fromStep), ...this.steps.list(fromStep, limit)]
    return all.sort((a, b) => a.order - b.order).map(({ event }) => event)
  }
}
