/** Every elementwise op with its derivative, on one page. Inputs broadcast by numpy's rule; the second input of a binary op may be a number. */
import type { Tensor } from '../graph.js'
import { apply, type OnnxNames, type OnnxNode, type Op } from '../op.js'
import { awayFromZero, type Draw, nasty, nastyPositive, normal, positive, type Sample } from '../sample.js'
import { elementwise } from './elementwise.js'

type Operand = Tensor | number

export const add = (a: Tensor, b: Operand) => (typeof b === 'number' ? withValue(addConstantOp, a, b) : apply(addOp, [a, b]))
export const sub = (a: Tensor, b: Operand) => (typeof b === 'number' ? withValue(addConstantOp, a, -b) : apply(subOp, [a, b]))
export const mul = (a: Tensor, b: Operand) => (typeof b === 'number' ? withValue(mulConstantOp, a, b) : apply(mulOp, [a, b]))
export const div = (a: Tensor, b: Operand) => (typeof b === 'number' ? withValue(mulConstantOp, a, 1 / b) : apply(divOp, [a, b]))
/** Where both are equal the gradient is b's; a NaN on either side stays. */
export const max = (a: Tensor, b: Operand) => (typeof b === 'number' ? withValue(maxConstantOp, a, b) : apply(maxOp, [a, b]))
/** Where both are equal the gradient is b's; a NaN on either side stays. */
export const min = (a: Tensor, b: Operand) => (typeof b === 'number' ? withValue(minConstantOp, a, b) : apply(minOp, [a, b]))
/** 1 where a > b, else 0. */
export const greater = (a: Tensor, b: Tensor) => apply(greaterOp, [a, b])
export const pow = (a: Tensor, exponent: number) => withValue(powConstantOp, a, exponent)

export const neg = (x: Tensor) => apply(negOp, [x])
export const exp = (x: Tensor) => apply(expOp, [x])
export const log = (x: Tensor) => apply(logOp, [x])
/** log(1 + x), exact for small x. */
export const log1p = (x: Tensor) => apply(log1pOp, [x])
export const sqrt = (x: Tensor) => apply(sqrtOp, [x])
export const reciprocal = (x: Tensor) => apply(reciprocalOp, [x])
export const square = (x: Tensor) => apply(squareOp, [x])
export const abs = (x: Tensor) => apply(absOp, [x])
/** −1, 0 or 1. */
export const sign = (x: Tensor) => apply(signOp, [x])
/** 1 / (1 + e^−x) */
export const sigmoid = (x: Tensor) => apply(sigmoidOp, [x])
export const tanh = (x: Tensor) => apply(tanhOp, [x])
/** log(1 + e^x), never overflowing */
export const softplus = (x: Tensor) => apply(softplusOp, [x])
export const relu = (x: Tensor) => apply(reluOp, [x])
/** 1 where x > 0, else 0: the derivative of relu. */
export const step = (x: Tensor) => apply(stepOp, [x])

const withValue = (op: Op, x: Tensor, value: number) => apply(op, [x], { value })
const input = (node: Tensor, at = 0): Tensor => node.inputs[at]!
const value = (node: Tensor) => node.attributes.value as number
/** One ONNX node over all inputs. */
const node = (opType: string) => (names: OnnxNames) => [{ opType, inputs: names.inputs, outputs: [names.output] }]
/** One ONNX node over the input and the op's number. */
const nodeWithValue = (opType: string) => (names: OnnxNames, number: number) => [
  { opType, inputs: [names.inputs[0]!, names.float(number)], outputs: [names.output] },
]
/** Greater makes a boolean: 1 or 0 by a cast to float32. */
function greaterNodes(names: OnnxNames, a: string, b: string): OnnxNode[] {
  const truth = names.temporary()
  return [
    { opType: 'Greater', inputs: [a, b], outputs: [truth] },
    { opType: 'Cast', inputs: [truth], outputs: [names.output], attributes: { to: { int: 1 } } },
  ]
}

/** Samples of a unary function: a batch drawn so that finite differences hold, and one of extreme numbers. */
function unary(f: (x: Tensor) => Tensor, draw: Draw, extreme: Draw = nasty): Sample[] {
  return [
    { title: 'a matrix', build: (make) => f(make.input(['B', 5], draw)) },
    { title: 'a vector longer than a register', build: (make) => f(make.input([37], draw)) },
    { title: 'extreme numbers', differentiable: false, build: (make) => f(make.input(['B', 16], extreme)) },
  ]
}

/** Samples of a binary function: every way to broadcast that models use. */
function binary(f: (a: Tensor, b: Tensor) => Tensor, drawA: Draw, drawB: Draw): Sample[] {
  const shapes = [
    [['B'], ['B']],
    [['B', 7], [7]],
    [
      ['B', 7],
      ['B', 1],
    ],
    [
      ['B', 3, 4],
      [3, 4],
    ],
    [
      ['B', 3, 4],
      ['B', 1, 4],
    ],
    [
      ['B', 3, 1],
      [3, 4],
    ],
    [
      ['B', 3, 1],
      ['B', 1, 4],
    ],
    [['B', 3, 4], [4]],
    [[], ['B', 3]],
    [[1], ['B']],
  ] as const
  return shapes.map(([a, b]) => ({ title: `[${a}] with [${b}]`, build: (make) => f(make.input(a, drawA), make.input(b, drawB)) }))
}

export const addOp: Op = elementwise({
  name: 'add',
  f: (a, b) => a + b,
  gradient: (_, d) => [d, d],
  onnx: node('Add'),
  samples: binary(add, normal, normal),
})

export const subOp: Op = elementwise({
  name: 'sub',
  f: (a, b) => a - b,
  gradient: (_, d) => [d, neg(d)],
  onnx: node('Sub'),
  samples: binary(sub, normal, normal),
})

export const mulOp: Op = elementwise({
  name: 'mul',
  f: (a, b) => a * b,
  gradient: (out, d) => [mul(d, input(out, 1)), mul(d, input(out))],
  onnx: node('Mul'),
  samples: binary(mul, normal, normal),
})

export const divOp: Op = elementwise({
  name: 'div',
  f: (a, b) => a / b,
  gradient: (out, d) => [div(d, input(out, 1)), neg(div(mul(d, out), input(out, 1)))],
  onnx: node('Div'),
  samples: binary(div, normal, awayFromZero),
})

export const maxOp: Op = elementwise({
  name: 'max',
  f: (a, b) => Math.max(a, b),
  gradient(out, d) {
    const first = mul(d, greater(input(out), input(out, 1)))
    return [first, sub(d, first)]
  },
  onnx: node('Max'),
  samples: binary(max, normal, normal),
})

export const minOp: Op = elementwise({
  name: 'min',
  f: (a, b) => Math.min(a, b),
  gradient(out, d) {
    const first = mul(d, greater(input(out, 1), input(out)))
    return [first, sub(d, first)]
  },
  onnx: node('Min'),
  samples: binary(min, normal, normal),
})

export const greaterOp: Op = elementwise({
  name: 'greater',
  f: (a, b) => (a > b ? 1 : 0),
  onnx: (names) => greaterNodes(names, names.inputs[0]!, names.inputs[1]!),
  samples: binary(greater, normal, normal),
})

export const addConstantOp: Op = elementwise({
  name: 'add_constant',
  f: (a, _, c) => a + c,
  gradient: (_, d) => [d],
  onnx: nodeWithValue('Add'),
  samples: unary((x) => add(x, -0.75), normal),
})

export const mulConstantOp: Op = elementwise({
  name: 'mul_constant',
  f: (a, _, c) => a * c,
  gradient: (out, d) => [mul(d, value(out))],
  onnx: nodeWithValue('Mul'),
  samples: unary((x) => mul(x, 2.5), normal),
})

export const maxConstantOp: Op = elementwise({
  name: 'max_constant',
  f: (a, _, c) => Math.max(a, c),
  gradient: (out, d) => [mul(d, step(sub(input(out), value(out))))],
  onnx: nodeWithValue('Max'),
  samples: unary((x) => max(x, 0.125), awayFromZero),
})

export const minConstantOp: Op = elementwise({
  name: 'min_constant',
  f: (a, _, c) => Math.min(a, c),
  gradient: (out, d) => [mul(d, step(add(neg(input(out)), value(out))))],
  onnx: nodeWithValue('Min'),
  samples: unary((x) => min(x, 0.125), awayFromZero),
})

export const powConstantOp: Op = elementwise({
  name: 'pow_constant',
  f: (a, _, c) => a ** c,
  gradient: (out, d) => [mul(mul(d, value(out)), pow(input(out), value(out) - 1))],
  onnx: nodeWithValue('Pow'),
  samples: [...unary((x) => pow(x, 3), normal), ...unary((x) => pow(x, 1.5), positive, nastyPositive)],
})

export const negOp: Op = elementwise({
  name: 'neg',
  f: (a) => -a,
  gradient: (_, d) => [neg(d)],
  onnx: node('Neg'),
  samples: unary(neg, normal),
})

export const expOp: Op = elementwise({
  name: 'exp',
  f: Math.exp,
  gradient: (out, d) => [mul(d, out)],
  onnx: node('Exp'),
  samples: unary(exp, normal),
})

export const logOp: Op = elementwise({
  name: 'log',
  f: Math.log,
  gradient: (out, d) => [div(d, input(out))],
  onnx: node('Log'),
  samples: unary(log, positive, nastyPositive),
})

export const log1pOp: Op = elementwise({
  name: 'log1p',
  f: Math.log1p,
  gradient: (out, d) => [div(d, add(input(out), 1))],
  onnx(names) {
    const sum = names.temporary()
    return [
      { opType: 'Add', inputs: [names.inputs[0]!, names.float(1)], outputs: [sum] },
      { opType: 'Log', inputs: [sum], outputs: [names.output] },
    ]
  },
  samples: unary(log1p, positive, nastyPositive),
})

export const sqrtOp: Op = elementwise({
  name: 'sqrt',
  f: Math.sqrt,
  gradient: (out, d) => [div(mul(d, 0.5), out)],
  onnx: node('Sqrt'),
  samples: unary(sqrt, positive, nastyPositive),
})

export const reciprocalOp: Op = elementwise({
  name: 'reciprocal',
  f: (a) => 1 / a,
  gradient: (out, d) => [neg(mul(d, square(out)))],
  onnx: node('Reciprocal'),
  samples: unary(reciprocal, awayFromZero),
})

export const squareOp: Op = elementwise({
  name: 'square',
  f: (a) => a * a,
  gradient: (out, d) => [mul(mul(d, 2), input(out))],
  onnx: (names) => [{ opType: 'Mul', inputs: [names.inputs[0]!, names.inputs[0]!], outputs: [names.output] }],
  samples: unary(square, normal),
})

export const absOp: Op = elementwise({
  name: 'abs',
  f: Math.abs,
  gradient: (out, d) => [mul(d, sign(input(out)))],
  onnx: node('Abs'),
  samples: unary(abs, awayFromZero),
})

export const signOp: Op = elementwise({
  name: 'sign',
  f: Math.sign,
  onnx: node('Sign'),
  samples: unary(sign, awayFromZero),
})

export const sigmoidOp: Op = elementwise({
  name: 'sigmoid',
  f: (a) => 1 / (1 + Math.exp(-a)),
  gradient: (out, d) => [mul(mul(d, out), add(neg(out), 1))],
  onnx: node('Sigmoid'),
  samples: unary(sigmoid, normal),
})

export const tanhOp: Op = elementwise({
  name: 'tanh',
  f: Math.tanh,
  gradient: (out, d) => [mul(d, add(neg(square(out)), 1))],
  onnx: node('Tanh'),
  samples: unary(tanh, normal),
})

export const softplusOp: Op = elementwise({
  name: 'softplus',
  f: (a) => Math.max(a, 0) + Math.log1p(Math.exp(-Math.abs(a))),
  gradient: (out, d) => [mul(d, sigmoid(input(out)))],
  onnx: node('Softplus'),
  samples: unary(softplus, normal),
})

export const reluOp: Op = elementwise({
  name: 'relu',
  f: (a) => Math.max(a, 0),
  gradient: (out, d) => [mul(d, step(input(out)))],
  onnx: node('Relu'),
  samples: unary(relu, awayFromZero),
})

export const stepOp: Op = elementwise({
  name: 'step',
  f: (a) => (a > 0 ? 1 : 0),
  onnx: (names) => greaterNodes(names, names.inputs[0]!, names.float(0)),
  samples: unary(step, awayFromZero),
})
