/** matmul: op(a)[M, K] · op(b)[K, N], where op transposes on request. K may be B (transposed a: a weight's gradient); N may not. */
import type { Tensor } from '../graph.js'
import { apply, asDense, describe, type Op, refuse, wantDense } from '../op.js'

export interface MatmulOptions {
  /** a is stored [K, M]. */
  readonly transposeA?: boolean
  /** b is stored [N, K]. */
  readonly transposeB?: boolean
}

export function matmul(a: Tensor, b: Tensor, { transposeA = false, transposeB = false }: MatmulOptions = {}): Tensor {
  return apply(matmulOp, [a, b], { transposeA, transposeB })
}

export const matmulOp: Op = {
  name: 'matmul',
  result([a, b], attributes) {
    const { transposeA, transposeB } = attributes as Required<MatmulOptions>
    wantDense('matmul', [a!, b!])
    if (a!.shape.length !== 2) throw refuse('matmul', `a ${transposeA ? '[K, M]' : '[M, K]'}`, `a ${describe(a!)}`)
    const [m, k] = transposeA ? [a!.shape[1]!, a!.shape[0]!] : [a!.shape[0]!, a!.shape[1]!]
    const [n, inner] = transposeB ? [b!.shape[0], b!.shape[1]] : [b!.shape[1], b!.shape[0]]
    if (b!.shape.length !== 2 || inner !== k || n === 'B')
      throw refuse('matmul', `a ${describe(a!)} and b ${transposeB ? `[N, ${k}]` : `[${k}, N]`}`, `b ${describe(b!)}`)
    return { shape: [m, n!] }
  },
  gradient(node, d) {
    const [a, b] = node.inputs as [Tensor, Tensor]
    const { transposeA, transposeB } = node.attributes as Required<MatmulOptions>
    const da = transposeA ? matmul(b, d, { transposeA: transposeB, transposeB: true }) : matmul(d, b, { transposeB: !transposeB })
    const db = transposeB ? matmul(d, a, { transposeA: true, transposeB: transposeA }) : matmul(a, d, { transposeA: !transposeA })
    return [da, db]
  },
  reference({ inputs, attributes, shape }) {
    const { transposeA, transposeB } = attributes as Required<MatmulOptions>
    const [a, b] = inputs.map(asDense)
    const [m, n] = shape as readonly [number, number]
    const k = a!.shape[transposeA ? 0 : 1]!
    const data = new Float64Array(m * n)
    for (let i = 0; i < m; i++)
      for (let j = 0; j < n; j++)
        for (let h = 0; h < k; h++) data[i * n + j]! += a!.data[transposeA ? h * m + i : i * k + h]! * b!.data[transposeB ? j * k + h : h * n + j]!
    return { shape, data }
  },
  onnx(node, names) {
    const { transposeA, transposeB } = node.attributes as Required<MatmulOptions>
    const attributes = { transA: { int: Number(transposeA) }, transB: { int: Number(transposeB) } }
    return [{ opType: 'Gemm', inputs: [names.inputs[0]!, names.inputs[1]!], outputs: [names.output], attributes }]
  },
  samples: [
    { title: 'batch by weights', build: (make) => matmul(make.input(['B', 5]), make.input([5, 3])) },
    { title: 'one column', build: (make) => matmul(make.input(['B', 20]), make.input([20, 1])) },
    { title: 'weights stored transposed', build: (make) => matmul(make.input(['B', 5]), make.input([3, 5]), { transposeB: true }) },
    { title: 'sum over the batch', build: (make) => matmul(make.input(['B', 5]), make.input(['B', 3]), { transposeA: true }) },
    { title: 'a transposed', build: (make) => matmul(make.input([4, 6]), make.input([4, 3]), { transposeA: true }) },
    { title: 'both transposed', build: (make) => matmul(make.input([4, 6]), make.input([3, 4]), { transposeA: true, transposeB: true }) },
    { title: 'wider than a cache line', build: (make) => matmul(make.input(['B', 65]), make.input([65, 33])) },
  ],
}
