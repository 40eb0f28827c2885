/**
 * uniform: [B, width] of numbers in (0, 1), both ends out, so that log(-log u) is finite. Drawn by Philox as dropout masks are, from (seed,
 * purpose, step, lane, example, unit). A number is (w + ½)·2⁻²³ of a word's upper 23 bits w: exact in float32. It has no ONNX rule.
 */
import type { Tensor } from '../graph.js'
import { apply, type Op } from '../op.js'
import { philox, philoxKey, stepCounter } from '../philox.js'

/** `purpose` is its own for every draw of a model: two of one purpose would be equal. */
export function uniform(width: number, purpose: string): Tensor {
  return apply(uniformOp, [], { width, purpose })
}

interface UniformAttributes {
  readonly width: number
  readonly purpose: string
}

export const uniformOp: Op = {
  name: 'uniform',
  result: (_, attributes) => ({ shape: ['B', (attributes as unknown as UniformAttributes).width] }),
  reference({ attributes, shape, randomness }) {
    const { width, purpose } = attributes as unknown as UniformAttributes
    const key = philoxKey(randomness.seed, purpose)
    const data = new Float64Array(shape[0]! * width)
    for (let at = 0; at < data.length; at++) {
      const unit = at % width
      const words = philox(stepCounter(unit, Math.floor(at / width), randomness), key)
      data[at] = ((words[unit & 3]! >>> 9) + 0.5) * 2 ** -23
    }
    return { shape, data }
  },
  samples: [
    { title: 'one for each candidate', build: () => uniform(4, 'gumbel/a') },
    { title: 'one an example', build: () => uniform(1, 'gumbel/b') },
    { title: 'wider than a block of counters', build: () => uniform(523, 'gumbel/c') },
  ],
}
