/** slice: `width` places of one axis from `from` on, never of the batch. */
import type { Tensor } from '../graph.js'
import { apply, asDense, describe, type Op, refuse, wantDense } from '../op.js'
import { concat } from './concat.js'
import { constant } from './constant.js'

/** A negative axis counts from the end. */
export function slice(x: Tensor, axis: number, from: number, width: number): Tensor {
  return apply(sliceOp, [x], { axis: axis < 0 ? axis + x.shape.length : axis, from, width })
}

interface SliceAttributes {
  readonly axis: number
  readonly from: number
  readonly width: number
}

export const sliceOp: Op = {
  name: 'slice',
  result([x], attributes) {
    const { axis, from, width } = attributes as unknown as SliceAttributes
    wantDense('slice', [x!])
    const total = x!.shape[axis]
    if (total === undefined || total === 'B') throw refuse('slice', `a value with an axis ${axis} that is not B`, describe(x!))
    if (from < 0 || width < 1 || from + width > total) throw refuse('slice', `places 0..${total} of axis ${axis}`, `${from}..${from + width}`)
    return { shape: x!.shape.with(axis, width) }
  },
  gradient(node, d) {
    const { axis, from, width } = node.attributes as unknown as SliceAttributes
    const { shape } = node.inputs[0]!
    const after = (shape[axis] as number) - from - width
    const zeros = (places: number) => (places > 0 ? [constant(0, shape.with(axis, places))] : [])
    return [concat([...zeros(from), d, ...zeros(after)], axis)]
  },
  reference({ inputs, attributes, shape }) {
    const { axis, from, width } = attributes as unknown as SliceAttributes
    const x = asDense(inputs[0]!)
    const inner = shape.slice(axis + 1).reduce((size, dim) => size * dim, 1)
    const outer = shape.slice(0, axis).reduce((size, dim) => size * dim, 1)
    const data = new Float64Array(outer * width * inner)
    const total = x.shape[axis]! * inner
    for (let i = 0; i < outer; i++) data.set(x.data.subarray(i * total + from * inner, i * total + (from + width) * inner), i * width * inner)
    return { shape, data }
  },
  onnx(node, names) {
    const { axis, from, width } = node.attributes as unknown as SliceAttributes
    const inputs = [names.inputs[0]!, names.ints([from]), names.ints([from + width]), names.ints([axis])]
    return [{ opType: 'Slice', inputs, outputs: [names.output] }]
  },
  samples: [
    { title: 'columns in the middle', build: (make) => slice(make.input(['B', 7]), 1, 2, 3) },
    { title: 'first fields', build: (make) => slice(make.input(['B', 5, 4]), 1, 0, 2) },
    { title: 'the end of the last axis', build: (make) => slice(make.input(['B', 3, 20]), -1, 3, 17) },
    { title: 'rows without a batch', build: (make) => slice(make.input([6, 2]), 0, 1, 4) },
    { title: 'everything', build: (make) => slice(make.input(['B', 3]), 1, 0, 3) },
  ],
}
