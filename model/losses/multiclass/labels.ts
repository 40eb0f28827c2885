/**
 * The label of an example among its logits [B, C]: its place as a one-hot row, and the logits of the others, its rivals.
 * Labels are class numbers 0..C−1, as floats.
 */
import type { Tensor } from '../../graph.js'
import { concat } from '../../ops/concat.js'
import { constant } from '../../ops/constant.js'
import { reduceSum } from '../../ops/reduce-sum.js'
import { reshape } from '../../ops/reshape.js'
import { abs, add, mul, neg, relu, sub } from '../../ops/scalar-functions.js'

export function classesOf(logits: Tensor): number {
  return logits.shape[1] as number
}

/** [B] to [B, C]: 1 in the column of the label, else 0; max(0, 1 − |y − c|) of whole numbers. */
export function oneHotLabels(labels: Tensor, classes: number): Tensor {
  return relu(add(neg(abs(sub(reshape(labels, ['B', 1]), columns(classes)))), 1))
}

/** x [B, C] to the label's own number, [B, 1]. */
export function ofLabel(x: Tensor, oneHot: Tensor): Tensor {
  return reduceSum(mul(oneHot, x), 1, { keepDims: true })
}

/** Logits in which the label's own is so small that no maximum and no sum of powers notices it. */
export function rivalsOf(logits: Tensor, oneHot: Tensor): Tensor {
  return sub(logits, mul(oneHot, FAR))
}

const FAR = 1e9

/** [0, 1, …, C − 1], doubled up so that many classes are few nodes. */
function columns(count: number): Tensor {
  if (count === 1) return constant(0, [1])
  const half = columns(count >> 1)
  const twice = concat([half, add(half, count >> 1)], 0)
  return count % 2 === 0 ? twice : concat([twice, constant(count - 1, [1])], 0)
}
