/**
 * Inner products of the fields of an example. pair_dots: out[B, F(F−1)/2] = ⟨x_i, x_j⟩ of x[B, F, D] for i < j, (0,1) (0,2) … (1,2) ….
 * Its gradient is pair_dots_grad, linear in both inputs, and the gradient of that is itself again and pair_dots_cross, the products of
 * two values, ⟨a_i, b_j⟩ + ⟨b_i, a_j⟩: the three have derivatives of every order.
 */
import { type Shape, sameShape, type Tensor } from '../graph.js'
import { apply, asDense, describe, type Op, refuse, wantDense } from '../op.js'

export function pairDots(x: Tensor): Tensor {
  return apply(pairDotsOp, [x])
}

export function pairDotsCross(a: Tensor, b: Tensor): Tensor {
  return apply(pairDotsCrossOp, [a, b])
}

/** The gradient of pairDots(x) from that of its result: out[b, i] = Σ over j ≠ i of d[b, i with j] · x[b, j]. */
export function pairDotsGrad(x: Tensor, d: Tensor): Tensor {
  return apply(pairDotsGradOp, [x, d])
}

export const pairDotsOp: Op = {
  name: 'pair_dots',
  result([x]) {
    wantDense('pair_dots', [x!])
    return { shape: pairsShape('pair_dots', x!) }
  },
  gradient: (node, d) => [pairDotsGrad(node.inputs[0]!, d)],
  reference({ inputs, shape }) {
    const x = asDense(inputs[0]!)
    const data = new Float64Array(shape[0]! * shape[1]!)
    forEachPair(x.shape, (pair, i, j) => {
      data[pair]! += x.data[i]! * x.data[j]!
    })
    return { shape, data }
  },
  /** All F·F products by one MatMul, of which those above the diagonal are taken. */
  onnx(node, names) {
    const [, fields] = node.inputs[0]!.shape as readonly ['B', number, number]
    const [transposed, products, rows] = [names.temporary(), names.temporary(), names.temporary()]
    const above = Array.from({ length: fields * fields }, (_, at) => at).filter((at) => Math.floor(at / fields) < at % fields)
    return [
      { opType: 'Transpose', inputs: [names.inputs[0]!], outputs: [transposed], attributes: { perm: { ints: [0, 2, 1] } } },
      { opType: 'MatMul', inputs: [names.inputs[0]!, transposed], outputs: [products] },
      { opType: 'Reshape', inputs: [products, names.shape(['B', fields * fields])], outputs: [rows] },
      { opType: 'Gather', inputs: [rows, names.ints(above)], outputs: [names.output], attributes: { axis: { int: 1 } } },
    ]
  },
  samples: [
    { title: 'three fields', build: (make) => pairDots(make.input(['B', 3, 4])) },
    { title: 'one pair', build: (make) => pairDots(make.input(['B', 2, 1])) },
    { title: 'more fields than a register has lanes', build: (make) => pairDots(make.input(['B', 21, 16])) },
    { title: 'rows wider than a register', build: (make) => pairDots(make.input(['B', 5, 19])) },
  ],
}

export const pairDotsCrossOp: Op = {
  name: 'pair_dots_cross',
  result([a, b]) {
    wantDense('pair_dots_cross', [a!, b!])
    const shape = pairsShape('pair_dots_cross', a!)
    if (!sameShape(a!.shape, b!.shape)) throw refuse('pair_dots_cross', `b like a ${describe(a!)}`, `b ${describe(b!)}`)
    return { shape }
  },
  gradient: (node, d) => [pairDotsGrad(node.inputs[1]!, d), pairDotsGrad(node.inputs[0]!, d)],
  reference({ inputs, shape }) {
    const [a, b] = [asDense(inputs[0]!), asDense(inputs[1]!)]
    const data = new Float64Array(shape[0]! * shape[1]!)
    forEachPair(a.shape, (pair, i, j) => {
      data[pair]! += a.data[i]! * b.data[j]! + b.data[i]! * a.data[j]!
    })
    return { shape, data }
  },
  samples: [
    { title: 'three fields', build: (make) => pairDotsCross(make.input(['B', 3, 4]), make.input(['B', 3, 4])) },
    { title: 'more fields than a register has lanes', build: (make) => pairDotsCross(make.input(['B', 18, 5]), make.input(['B', 18, 5])) },
  ],
}

export const pairDotsGradOp: Op = {
  name: 'pair_dots_grad',
  result([x, d]) {
    wantDense('pair_dots_grad', [x!, d!])
    const pairs = pairsShape('pair_dots_grad', x!)
    if (!sameShape(d!.shape, pairs)) throw refuse('pair_dots_grad', `d [${pairs.join(', ')}]`, `d ${describe(d!)}`)
    return { shape: x!.shape }
  },
  gradient: (node, e) => [pairDotsGrad(e, node.inputs[1]!), pairDotsCross(node.inputs[0]!, e)],
  reference({ inputs, shape }) {
    const [x, d] = [asDense(inputs[0]!), asDense(inputs[1]!)]
    const data = new Float64Array(x.data.length)
    forEachPair(shape, (pair, i, j) => {
      data[i]! += d.data[pair]! * x.data[j]!
      data[j]! += d.data[pair]! * x.data[i]!
    })
    return { shape, data }
  },
  samples: [
    { title: 'three fields', build: (make) => pairDotsGrad(make.input(['B', 3, 4]), make.input(['B', 3])) },
    { title: 'one pair', build: (make) => pairDotsGrad(make.input(['B', 2, 1]), make.input(['B', 1])) },
    { title: 'more fields than a register has lanes', build: (make) => pairDotsGrad(make.input(['B', 21, 16]), make.input(['B', 210])) },
    { title: 'rows wider than a register', build: (make) => pairDotsGrad(make.input(['B', 5, 19]), make.input(['B', 10])) },
  ],
}

function pairsShape(op: string, x: Tensor): Shape {
  const [batch, fields] = x.shape
  if (x.shape.length !== 3 || batch !== 'B' || (fields as number) < 2) throw refuse(op, 'two fields or more, [B, F, D]', describe(x))
  return ['B', ((fields as number) * ((fields as number) - 1)) / 2]
}

/** Calls `element` with the place of a pair and those of an element of its two rows, for every element of every pair of every example. */
function forEachPair(shape: readonly number[], element: (pair: number, i: number, j: number) => void): void {
  const [batch, fields, width] = shape as readonly [number, number, number]
  let pair = 0
  for (let example = 0; example < batch; example++)
    for (let i = 0; i < fields; i++)
      for (let j = i + 1; j < fields; j++, pair++)
        for (let d = 0; d < width; d++) element(pair, (example * fields + i) * width + d, (example * fields + j) * width + d)
}
