/** Which bytes of a tensor have come, in ranges of any order. A byte that comes twice is a mistake of the sender. */
export class ByteCoverage {
  /** Disjoint [from, to), ascending, no two adjacent. */
  private readonly ranges: [number, number][] = []

  /** False when the range overlaps what has come. */
  add(from: number, to: number): boolean {
    if (from === to) return true
    const next = this.ranges.findIndex(([start]) => start >= from)
    const at = next < 0 ? this.ranges.length : next
    const [before, after] = [this.ranges[at - 1], this.ranges[at]]
    if ((before && before[1] > from) || (after && after[0] < to)) return false
    const joined: [number, number] = [before?.[1] === from ? before[0] : from, after?.[0] === to ? after[1] : to]
    const first = joined[0] === from ? at : at - 1
    this.ranges.splice(first, (joined[0] === from ? 0 : 1) + (joined[1] === to ? 0 : 1), joined)
    return true
  }

  /** Whether [0, bytes) has come whole. */
  isWhole(bytes: number): boolean {
    return bytes === 0 ? this.ranges.length === 0 : this.ranges.length === 1 && this.ranges[0]![0] === 0 && this.ranges[0]![1] === bytes
  }
}
