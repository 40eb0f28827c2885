/**
 * softmax: e^x / Σ e^x over the last axis, made of other ops. The largest number of each row is taken out first, so that no e^x
 * overflows; its derivative is left out, because it cancels: softmax does not change when a row is moved as a whole.
 */
import type { Tensor } from '../graph.js'
import { reduceMax } from './reduce-max.js'
import { reduceSum } from './reduce-sum.js'
import { div, exp, sub } from './scalar-functions.js'

export function softmax(x: Tensor): Tensor {
  const powers = exp(sub(x, reduceMax(x, -1, { keepDims: true })))
  return div(powers, reduceSum(powers, -1, { keepDims: true }))
}
