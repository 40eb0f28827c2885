/** constant: one number in every element of a shape. */
import type { Shape, Tensor } from '../graph.js'
import { apply, type Op } from '../op.js'

export function constant(value: number, shape: Shape): Tensor {
  return apply(constantOp, [], { value, shape })
}

export const constantOp: Op = {
  name: 'constant',
  elementwise: 'constant',
  result: (_, attributes) => ({ shape: attributes.shape as Shape }),
  reference: ({ attributes, shape }) => ({
    shape,
    data: new Float64Array(shape.reduce((size, dim) => size * dim, 1)).fill(attributes.value as number),
  }),
  onnx: (node, names) => [
    { opType: 'Expand', inputs: [names.float(node.attributes.value as number), names.shape(node.shape)], outputs: [names.output] },
  ],
  samples: [
    { title: 'a batch of numbers', build: () => constant(0.5, ['B']) },
    { title: 'a matrix', build: () => constant(-2, [3, 4]) },
  ],
}
