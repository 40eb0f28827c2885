/**
 * The lane tree of native/engine/lanes/lane_tree.h over float64: the one order in which values of lanes are added. A node is the sum of its
 * halves, or a copy of the only half that is there; a lane without examples is absent, never zero. So the result does not depend on who
 * owned which lane.
 */

/** Kept by the caller, so that a sum allocates nothing: one row of `floats` for each of `lanes` (a power of two). */
export class LaneSum {
  private readonly rows: Float64Array[]

  constructor(lanes: number, floats: number) {
    this.rows = Array.from({ length: lanes }, () => new Float64Array(floats))
  }

  /** By lane; undefined: absent. The sum is valid until the next call; undefined when no lane is there. */
  add(lanes: readonly (Float32Array | undefined)[]): Float64Array | undefined {
    const nodes = this.rows.map((row, lane) => {
      const values = lanes[lane]
      if (values === undefined) return undefined
      row.set(values)
      return row
    })
    for (let width = nodes.length; width > 1; width /= 2)
      for (let i = 0; i < width; i += 2) {
        const [left, right] = [nodes[i], nodes[i + 1]]
        if (left !== undefined && right !== undefined) addTo(left, right)
        nodes[i / 2] = left ?? right
      }
    return nodes[0]
  }
}

function addTo(sum: Float64Array, values: Float64Array): void {
  for (let i = 0; i < sum.length; i++) sum[i]! += values[i]!
}
