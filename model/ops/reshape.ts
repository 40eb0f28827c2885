/** reshape: the same numbers in the same order under another shape; moves nothing. A leading B stays in front. */
import { innerSize, type Shape, sameShape, showShape, type Tensor } from '../graph.js'
import { apply, asDense, describe, type Op, refuse, wantDense } from '../op.js'

export function reshape(x: Tensor, shape: Shape): Tensor {
  return sameShape(x.shape, shape) ? x : apply(reshapeOp, [x], { shape })
}

export const reshapeOp: Op = {
  name: 'reshape',
  result([x], attributes) {
    const shape = attributes.shape as Shape
    wantDense('reshape', [x!])
    // With B on one side only, the sizes agree for no batch but one: summing keeps [1, …] where B was, and that is no reshape.
    if (innerSize(x!.shape) !== innerSize(shape) || (x!.shape[0] === 'B') !== (shape[0] === 'B'))
      throw refuse('reshape', `as many numbers as ${showShape(shape)} has`, describe(x!))
    return { shape }
  },
  gradient: (node, d) => [reshape(d, node.inputs[0]!.shape)],
  reference: ({ inputs, shape }) => ({ shape, data: asDense(inputs[0]!).data }),
  onnx(node, names) {
    const shape = names.ints(node.shape.map((dim) => (dim === 'B' ? -1 : dim)))
    return [{ opType: 'Reshape', inputs: [names.inputs[0]!, shape], outputs: [names.output] }]
  },
  samples: [
    { title: 'fields side by side', build: (make) => reshape(make.input(['B', 3, 4]), ['B', 12]) },
    { title: 'a column away', build: (make) => reshape(make.input(['B', 1]), ['B']) },
    { title: 'a column more', build: (make) => reshape(make.input(['B', 5]), ['B', 5, 1]) },
    { title: 'no batch', build: (make) => reshape(make.input([2, 6]), [3, 4]) },
  ],
}
