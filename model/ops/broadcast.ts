/** broadcast: x repeated to a larger shape by numpy's rule (aligned at the end; 1 or missing repeats). The inverse of sumTo. */
import { type Shape, sameShape, showShape, type Tensor } from '../graph.js'
import { apply, asDense, describe, type Op, refuse, wantDense } from '../op.js'
import { readStrides, walk } from './broadcasting.js'
import { reduceSum } from './reduce-sum.js'
import { reshape } from './reshape.js'

export function broadcast(x: Tensor, shape: Shape): Tensor {
  return sameShape(x.shape, shape) ? x : apply(broadcastOp, [x], { shape })
}

export const broadcastOp: Op = {
  name: 'broadcast',
  result([x], attributes) {
    const shape = attributes.shape as Shape
    wantDense('broadcast', [x!])
    const fits = x!.shape.length <= shape.length && x!.shape.every((dim, axis) => dim === 1 || dim === shape[axis + shape.length - x!.shape.length])
    if (!fits) throw refuse('broadcast', `a shape that repeats to ${showShape(shape)}`, describe(x!))
    return { shape }
  },
  gradient: (node, d) => [sumTo(d, node.inputs[0]!.shape)],
  reference({ inputs, shape }) {
    const x = asDense(inputs[0]!)
    const strides = readStrides(x.shape, shape)
    return { shape, data: walk(shape, [strides], ([at]) => x.data[at!]!) }
  },
  onnx: (node, names) => [{ opType: 'Expand', inputs: [names.inputs[0]!, names.shape(node.attributes.shape as Shape)], outputs: [names.output] }],
  samples: [
    { title: 'a vector to rows', build: (make) => broadcast(make.input([5]), ['B', 5]) },
    { title: 'a column to a matrix', build: (make) => broadcast(make.input(['B', 1]), ['B', 7]) },
    { title: 'a scalar to a batch', build: (make) => broadcast(make.input([]), ['B']) },
    { title: 'the middle of three dimensions', build: (make) => broadcast(make.input(['B', 1, 4]), ['B', 3, 4]) },
    { title: 'fields to a batch', build: (make) => broadcast(make.input([3, 1]), ['B', 3, 4]) },
  ],
}

/** Sums x down to the shape that broadcasting had made it from. */
export function sumTo(x: Tensor, shape: Shape): Tensor {
  let out = x
  while (out.shape.length > shape.length) out = reduceSum(out, 0)
  for (const [axis, dim] of shape.entries()) if (dim === 1 && out.shape[axis] !== 1) out = reduceSum(out, axis, { keepDims: true })
  return sameShape(out.shape, shape) ? out : reshape(out, shape)
}
