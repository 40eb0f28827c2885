/** Lanes of each rank: contiguous ranges that differ by at most one, the longer ones first (8 over 3: 3, 3, 2). DESIGN.md §3. */
export interface LaneRange {
  readonly first: number
  readonly count: number
}

export function dealLanes(lanes: number, world: number): LaneRange[] {
  const share = Math.floor(lanes / world)
  const longer = lanes % world
  return Array.from({ length: world }, (_, rank) => ({ first: rank * share + Math.min(rank, longer), count: share + (rank < longer ? 1 : 0) }))
}
