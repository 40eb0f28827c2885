/** Values by step in bounded memory: every second, fourth, … as they grow in number. The first and the newest always stay. */

interface Entry<T> {
  readonly step: number
  readonly value: T
}

/**
 * One value a step. Multiples of a power of two stay, so that what happens in every second, fourth, … step (the controller's lessons) stays in
 * sight, and two runs keep the same steps.
 */
export class ThinnedSteps<T> {
  first: Entry<T> | undefined
  newest: Entry<T> | undefined
  private readonly capacity: number
  private kept: Entry<T>[] = []
  private stride = 1

  constructor(capacity: number) {
    this.capacity = capacity
  }

  push(step: number, value: T): void {
    const entry = { step, value }
    // A step that is there already is trained again: what came after it never was.
    if (this.newest !== undefined && step <= this.newest.step) this.forget(step)
    this.first ??= entry
    this.newest = entry
    if (step % this.stride !== 0) return
    this.kept.push(entry)
    while (this.kept.length > this.capacity) {
      this.stride *= 2
      this.kept = this.kept.filter((entry) => entry.step % this.stride === 0)
    }
  }

  /** In order, from `fromStep`; at most `limit` (1 or more), evenly thinned. */
  list(fromStep = 0, limit = Number.POSITIVE_INFINITY): T[] {
    const all = [this.first, ...this.kept, this.newest].filter((entry, i, list) => entry !== undefined && entry.step > (list[i - 1]?.step ?? -1))
    const wanted = (all as Entry<T>[]).filter(({ step }) => step >= fromStep)
    return thin(wanted, limit).map(({ value }) => value)
  }

  private forget(fromStep: number) {
    this.kept = this.kept.filter(({ step }) => step < fromStep)
    if (this.first !== undefined && this.first.step >= fromStep) this.first = undefined
    this.newest = this.kept.at(-1) ?? this.first
  }
}

/** At most `limit` of entries with ascending steps: the newest, the first where there is room, of the others multiples of a power of two. */
export function thin<T extends { readonly step: number }>(entries: readonly T[], limit: number): T[] {
  if (entries.length <= limit) return [...entries]
  const ends = limit < 2 ? entries.slice(-1) : [entries[0]!, entries.at(-1)!]
  let between = entries.slice(1, -1)
  for (let stride = 2; between.length > limit - ends.length; stride *= 2) between = between.filter(({ step }) => step % stride === 0)
  return limit < 2 ? ends : [ends[0]!, ...between, ends[1]!]
}

/** Several values a step, at steps of any distance: every second step goes when there are too many. */
export class ThinnedGroups<T> {
  private readonly capacity: number
  private groups: { step: number; values: T[] }[] = []

  constructor(capacity: number) {
    this.capacity = capacity
  }

  push(step: number, value: T): void {
    const newest = this.groups.at(-1)
    if (newest?.step === step) newest.values.push(value)
    else this.groups.push({ step, values: [value] })
    if (this.groups.length > this.capacity) this.groups = this.groups.filter((_, i) => i % 2 === 0 || i === this.groups.length - 1)
  }

  list(fromStep = 0): T[] {
    return this.groups.flatMap(({ step, values }) => (step >= fromStep ? values : []))
  }
}
