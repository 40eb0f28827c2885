/** transpose: the last two axes change places. A batch stays in front: [B, R, C] becomes [B, C, R]. */
import type { Tensor } from '../graph.js'
import { apply, asDense, describe, type Op, refuse, wantDense } from '../op.js'

export function transpose(x: Tensor): Tensor {
  return apply(transposeOp, [x])
}

export const transposeOp: Op = {
  name: 'transpose',
  result([x]) {
    wantDense('transpose', [x!])
    const rank = x!.shape.length
    if (rank < 2 || x!.shape[rank - 2] === 'B') throw refuse('transpose', 'two axes behind the batch, [R, C] or [B, R, C]', describe(x!))
    return { shape: [...x!.shape.slice(0, -2), x!.shape[rank - 1]!, x!.shape[rank - 2]!] }
  },
  gradient: (_, d) => [transpose(d)],
  reference({ inputs, shape }) {
    const x = asDense(inputs[0]!)
    const [columns, rows] = shape.slice(-2) as [number, number]
    const data = new Float64Array(x.data.length)
    for (let at = 0; at < data.length; at++) {
      const matrix = Math.floor(at / (rows * columns)) * rows * columns
      data[at] = x.data[matrix + (at % rows) * columns + Math.floor((at - matrix) / rows)]!
    }
    return { shape, data }
  },
  onnx(node, names) {
    const rank = node.shape.length
    const perm = [...Array.from({ length: rank - 2 }, (_, axis) => axis), rank - 1, rank - 2]
    return [{ opType: 'Transpose', inputs: [names.inputs[0]!], outputs: [names.output], attributes: { perm: { ints: perm } } }]
  },
  samples: [
    { title: 'fields and width', build: (make) => transpose(make.input(['B', 3, 4])) },
    { title: 'a matrix', build: (make) => transpose(make.input([5, 2])) },
    { title: 'larger than a tile', build: (make) => transpose(make.input(['B', 39, 17])) },
  ],
}
