/** reduce_sum: the sum over one axis, the batch too. The axis goes, or stays as 1 with keepDims. */
import type { Tensor } from '../graph.js'
import { apply, asDense, describe, type Op, refuse, wantDense } from '../op.js'
import { broadcast } from './broadcast.js'
import { reshape } from './reshape.js'

/** A negative axis counts from the end. */
export function reduceSum(x: Tensor, axis: number, { keepDims = false }: { keepDims?: boolean } = {}): Tensor {
  return apply(reduceSumOp, [x], { axis: axis < 0 ? axis + x.shape.length : axis, keepDims })
}

export const reduceSumOp: Op = {
  name: 'reduce_sum',
  result([x], attributes) {
    const { axis, keepDims } = attributes as { axis: number; keepDims: boolean }
    wantDense('reduce_sum', [x!])
    if (!(axis in x!.shape)) throw refuse('reduce_sum', `a value with an axis ${axis}`, describe(x!))
    return { shape: keepDims ? x!.shape.with(axis, 1) : x!.shape.toSpliced(axis, 1) }
  },
  gradient(node, d) {
    const x = node.inputs[0]!
    return [broadcast(reshape(d, x.shape.with(node.attributes.axis as number, 1)), x.shape)]
  },
  reference({ inputs, attributes, shape }) {
    const x = asDense(inputs[0]!)
    const axis = attributes.axis as number
    const length = x.shape[axis]!
    const inner = x.shape.slice(axis + 1).reduce((size, dim) => size * dim, 1)
    const data = new Float64Array(shape.reduce((size, dim) => size * dim, 1))
    for (const [at, value] of x.data.entries()) data[Math.floor(at / (length * inner)) * inner + (at % inner)]! += value
    return { shape, data }
  },
  onnx(node, names) {
    const attributes = { keepdims: { int: Number(node.attributes.keepDims) } }
    return [{ opType: 'ReduceSum', inputs: [names.inputs[0]!, names.ints([node.attributes.axis as number])], outputs: [names.output], attributes }]
  },
  samples: [
    { title: 'the batch away', build: (make) => reduceSum(make.input(['B']), 0) },
    { title: 'the batch away from rows', build: (make) => reduceSum(make.input(['B', 7]), 0) },
    { title: 'the batch away from fields', build: (make) => reduceSum(make.input(['B', 3, 4]), 0) },
    { title: 'the last axis', build: (make) => reduceSum(make.input(['B', 7]), -1) },
    { title: 'fields', build: (make) => reduceSum(make.input(['B', 3, 4]), 1) },
    { title: 'the last axis of three, kept', build: (make) => reduceSum(make.input(['B', 3, 20]), 2, { keepDims: true }) },
    { title: 'no batch', build: (make) => reduceSum(make.input([6, 2]), 0, { keepDims: true }) },
  ],
}
