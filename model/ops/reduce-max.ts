/**
 * reduce_max: the largest number along one axis; −∞ where there is none, NaN where one is (ONNX leaves that open). The axis goes, or stays as 1 with keepDims.
 * It has no gradient: it is for taking a number out and putting it back, as softmax does, where what it gives cancels in the derivative.
 */
import type { Tensor } from '../graph.js'
import { apply, asDense, describe, type Op, refuse, wantDense } from '../op.js'
import { nasty } from '../sample.js'

/** A negative axis counts from the end. */
export function reduceMax(x: Tensor, axis: number, { keepDims = false }: { keepDims?: boolean } = {}): Tensor {
  return apply(reduceMaxOp, [x], { axis: axis < 0 ? axis + x.shape.length : axis, keepDims })
}

export const reduceMaxOp: Op = {
  name: 'reduce_max',
  result([x], attributes) {
    const { axis, keepDims } = attributes as { axis: number; keepDims: boolean }
    wantDense('reduce_max', [x!])
    if (!(axis in x!.shape)) throw refuse('reduce_max', `a value with an axis ${axis}`, describe(x!))
    return { shape: keepDims ? x!.shape.with(axis, 1) : x!.shape.toSpliced(axis, 1) }
  },
  reference({ inputs, attributes, shape }) {
    const x = asDense(inputs[0]!)
    const axis = attributes.axis as number
    const length = x.shape[axis]!
    const inner = x.shape.slice(axis + 1).reduce((size, dim) => size * dim, 1)
    const data = new Float64Array(shape.reduce((size, dim) => size * dim, 1)).fill(Number.NEGATIVE_INFINITY)
    for (const [at, value] of x.data.entries()) {
      const place = Math.floor(at / (length * inner)) * inner + (at % inner)
      data[place] = Math.max(data[place]!, value)
    }
    return { shape, data }
  },
  onnx(node, names) {
    const attributes = { axes: { ints: [node.attributes.axis as number] }, keepdims: { int: Number(node.attributes.keepDims) } }
    return [{ opType: 'ReduceMax', inputs: names.inputs, outputs: [names.output], attributes }]
  },
  samples: [
    { title: 'one logit a candidate', differentiable: false, build: (make) => reduceMax(make.input(['B', 4]), -1, { keepDims: true }) },
    { title: 'the last axis', differentiable: false, build: (make) => reduceMax(make.input(['B', 37]), 1) },
    { title: 'the only element', differentiable: false, build: (make) => reduceMax(make.input(['B', 1]), 1) },
    { title: 'fields', differentiable: false, build: (make) => reduceMax(make.input(['B', 3, 21]), 1) },
    { title: 'the batch away', differentiable: false, build: (make) => reduceMax(make.input(['B', 7]), 0) },
    { title: 'no batch', differentiable: false, build: (make) => reduceMax(make.input([6, 2]), 0, { keepDims: true }) },
    { title: 'extreme numbers', differentiable: false, build: (make) => reduceMax(make.input(['B', 16], nasty), 1) },
  ],
}
