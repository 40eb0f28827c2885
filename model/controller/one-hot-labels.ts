/** Labels 0..C−1 as the model's graph has them, one float an example, to one-hot [B, C]. */
import type { Tensor } from '../graph.js'
import { concat } from '../ops/concat.js'
import { reshape } from '../ops/reshape.js'
import { abs, add, neg, relu, sub } from '../ops/scalar-functions.js'

export function oneHotLabels(labels: Tensor, classes: number): Tensor {
  const column = reshape(labels, ['B', 1])
  return concat(Array.from({ length: classes }, (_, label) => relu(add(neg(abs(sub(column, label))), 1))))
}
