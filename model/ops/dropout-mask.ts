/**
 * dropout_mask: [B, width] of 0 with probability rate, else 1/(1−rate). Drawn by Philox from (seed, purpose, step, lane, example, unit),
 * so that the mask depends on nothing else; the counter stands in native/engine/philox.h. Of training only: it has no ONNX rule.
 */
import type { Tensor } from '../graph.js'
import { apply, type Op, refuse } from '../op.js'
import { philox, philoxKey, philoxUniform, stepCounter } from '../philox.js'

/** `purpose` is 'dropout/<name>', of its own for every mask of a model. */
export function dropoutMask(width: number, rate: number, purpose: string): Tensor {
  return apply(dropoutMaskOp, [], { width, rate, purpose })
}

interface DropoutAttributes {
  readonly width: number
  readonly rate: number
  readonly purpose: string
}

export const dropoutMaskOp: Op = {
  name: 'dropout_mask',
  result(_, attributes) {
    const { width, rate } = attributes as unknown as DropoutAttributes
    if (!(rate >= 0 && rate < 1)) throw refuse('dropout_mask', 'a rate from 0 to below 1', `${rate}`)
    return { shape: ['B', width] }
  },
  reference({ attributes, shape, randomness }) {
    const { width, rate, purpose } = attributes as unknown as DropoutAttributes
    const key = philoxKey(randomness.seed, purpose)
    const data = new Float64Array(shape[0]! * width)
    for (let at = 0; at < data.length; at++) {
      const unit = at % width
      const words = philox(stepCounter(unit, Math.floor(at / width), randomness), key)
      data[at] = philoxUniform(words[unit & 3]!) < rate ? 0 : 1 / (1 - rate)
    }
    return { shape, data }
  },
  samples: [
    { title: 'a fifth dropped', build: () => dropoutMask(7, 0.2, 'dropout/a') },
    { title: 'a half dropped, wide', build: () => dropoutMask(130, 0.5, 'dropout/b') },
    { title: 'nothing dropped', build: () => dropoutMask(3, 0, 'dropout/c') },
  ],
}
