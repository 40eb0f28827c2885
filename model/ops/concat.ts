/** concat: values side by side along one axis, never along the batch. */
import { sameShape, showShape, type Tensor } from '../graph.js'
import { apply, asDense, describe, type Op, refuse, wantDense } from '../op.js'
import { slice } from './slice.js'

/** A negative axis counts from the end. */
export function concat(inputs: readonly Tensor[], axis = -1): Tensor {
  return apply(concatOp, inputs, { axis: axis < 0 ? axis + (inputs[0]?.shape.length ?? 0) : axis })
}

export const concatOp: Op = {
  name: 'concat',
  result(inputs, attributes) {
    const axis = attributes.axis as number
    wantDense('concat', inputs)
    const first = inputs[0]
    if (!first) throw refuse('concat', 'one input or more', 'none')
    if (!(axis in first.shape) || first.shape[axis] === 'B') throw refuse('concat', `values with an axis ${axis} that is not B`, describe(first))
    const fits = (x: Tensor) => x.shape.length === first.shape.length && sameShape(x.shape.with(axis, 1), first.shape.with(axis, 1))
    const wrong = inputs.find((x) => !fits(x))
    if (wrong) throw refuse('concat', `all like ${showShape(first.shape)} but for axis ${axis}`, describe(wrong))
    return {
      shape: first.shape.with(
        axis,
        inputs.reduce((size, x) => size + (x.shape[axis] as number), 0),
      ),
    }
  },
  gradient(node, d) {
    const axis = node.attributes.axis as number
    let from = 0
    return node.inputs.map((x) => {
      const width = x.shape[axis] as number
      from += width
      return slice(d, axis, from - width, width)
    })
  },
  reference({ inputs, attributes, shape }) {
    const axis = attributes.axis as number
    const values = inputs.map(asDense)
    const outer = shape.slice(0, axis).reduce((size, dim) => size * dim, 1)
    const total = shape.slice(axis).reduce((size, dim) => size * dim, 1)
    const data = new Float64Array(outer * total)
    let from = 0
    for (const x of values) {
      const width = x.shape.slice(axis).reduce((size, dim) => size * dim, 1)
      for (let i = 0; i < outer; i++) data.set(x.data.subarray(i * width, (i + 1) * width), i * total + from)
      from += width
    }
    return { shape, data }
  },
  onnx: (node, names) => [
    { opType: 'Concat', inputs: names.inputs, outputs: [names.output], attributes: { axis: { int: node.attributes.axis as number } } },
  ],
  samples: [
    { title: 'columns', build: (make) => concat([make.input(['B', 3]), make.input(['B', 1]), make.input(['B', 18])]) },
    { title: 'fields', build: (make) => concat([make.input(['B', 2, 4]), make.input(['B', 3, 4])], 1) },
    { title: 'the last axis of three', build: (make) => concat([make.input(['B', 3, 2]), make.input(['B', 3, 5])]) },
    { title: 'rows without a batch', build: (make) => concat([make.input([2, 3]), make.input([1, 3])], 0) },
    { title: 'one value twice', build: (make) => twice(make.input(['B', 3])) },
  ],
}

function twice(x: Tensor): Tensor {
  return concat([x, x])
}
