/** Draws an index with given weights in constant time: the alias method (Vose 1991). */
import type { Random } from './random.js'

export class DrawTable {
  /** Of 2^32: below it the slot's own index, else its alias. */
  private readonly threshold: Float64Array
  private readonly alias: Uint32Array

  constructor(weights: ArrayLike<number>) {
    const n = weights.length
    let total = 0
    for (let i = 0; i < n; i++) total += weights[i]!
    const share = Float64Array.from(weights, (weight) => (weight * n) / total)
    this.threshold = new Float64Array(n).fill(2 ** 32)
    this.alias = Uint32Array.from({ length: n }, (_, i) => i)
    const small: number[] = []
    const large: number[] = []
    share.forEach((value, i) => {
      ;(value < 1 ? small : large).push(i)
    })
    while (small.length > 0 && large.length > 0) {
      const less = small.pop()!
      const more = large[large.length - 1]!
      this.threshold[less] = share[less]! * 2 ** 32
      this.alias[less] = more
      share[more]! -= 1 - share[less]!
      if (share[more]! < 1) small.push(large.pop()!)
    }
  }

  draw(random: Random): number {
    const slot = Math.floor(random.uniform() * this.alias.length)
    return random.bits() < this.threshold[slot]! ? slot : this.alias[slot]!
  }
}
