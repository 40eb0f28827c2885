/** Lanes of each rank: contiguous ranges that differ by at most one, the longer ones first (8 over 3: 3, 3, 2), until some are moved. DESIGN.md §3. */
export interface LaneRange {
  readonly first: number
  readonly count: number
}

export function dealLanes(lanes: number, world: number): LaneRange[] {
  const share = Math.floor(lanes / world)
  const longer = lanes % world
  return rangesOf(Array.from({ length: world }, (_, rank) => share + (rank < longer ? 1 : 0)))
}

/** Counts by rank -> ranges, one after the other. */
export function rangesOf(counts: readonly number[]): LaneRange[] {
  let first = 0
  return counts.map((count) => {
    const range = { first, count }
    first += count
    return range
  })
}
