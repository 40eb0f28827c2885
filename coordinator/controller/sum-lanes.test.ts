/** The tree against its definition: a recursion over halves, in which an absent half is left out. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { philox, philoxKey } from '../../model/philox.js'
import { LaneSum } from './sum-lanes.js'

const key = philoxKey(1n, 'sum-lanes test')
const valuesOf = (lane: number) => Float32Array.from({ length: 5 }, (_, i) => (philox([lane, i, 0, 0], key)[0] / 2 ** 31 - 1) * 10 ** (lane - 2))

function recursive(lanes: readonly (Float32Array | undefined)[], i: number): number | undefined {
  if (lanes.length === 1) return lanes[0]?.[i]
  const half = lanes.length / 2
  const [left, right] = [recursive(lanes.slice(0, half), i), recursive(lanes.slice(half), i)]
  return left !== undefined && right !== undefined ? left + right : (left ?? right)
}

test('every set of lanes that are there, bit for bit', () => {
  for (const count of [1, 2, 4, 8]) {
    const sum = new LaneSum(count, 5)
    for (let there = 0; there < 2 ** count; there++) {
      const lanes = Array.from({ length: count }, (_, lane) => ((there >> lane) & 1 ? valuesOf(lane) : undefined))
      const wanted = there === 0 ? undefined : Float64Array.from({ length: 5 }, (_, i) => recursive(lanes, i)!)
      assert.deepEqual(sum.add(lanes), wanted)
    }
  }
})

test('a lane that is absent is not zero: minus zero stays', () => {
  assert.ok(Object.is(new LaneSum(2, 1).add([undefined, Float32Array.of(-0)])![0], -0))
})
