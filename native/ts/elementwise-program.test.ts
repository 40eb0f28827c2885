/** Elementwise instructions against float64: bounds of every function in units of the last place, broadcasts, several outputs, signs of zero. */
import assert from 'node:assert/strict'
import type { Function1 } from '../../model/program.js'
import { assertClose, B, Hand, numbers, test } from './hand-program.test.support.js'

/** One function over `xs` (and `ys`) through the engine. */
function apply(f: Function1, xs: Float32Array, ys = xs, value = 0): Float32Array {
  const hand = new Hand()
  const inputs = [hand.input('x', xs.length, { batch: false }), hand.input('y', ys.length, { batch: false })]
  const outputs = [{ buffer: hand.output('out', xs.length, false), register: 2 }]
  hand.code.push({
    op: 'elementwise',
    dims: [xs.length],
    inputs,
    strides: [[1], [1]],
    steps: [{ f, to: 2, a: 0, b: 1, value }],
    registers: 3,
    outputs,
  })
  return hand.run(1, { inputs: { x: xs, y: ys } }).outputs.out!
}

/** Distance in units of the last place of a float32 near `want`. */
function ulps(got: number, want: number): number {
  if (Object.is(got, want) || (Number.isNaN(got) && Number.isNaN(want)) || got === Math.fround(want)) return 0
  if (!Number.isFinite(got)) return Number.POSITIVE_INFINITY
  const exponent = Math.max(Math.floor(Math.log2(Math.abs(want))), -126)
  return Math.abs(got - want) / 2 ** (exponent - 23)
}

/** Floats of every size: each exponent in steps, both signs, and the neighbourhood of 0 and 1. */
function sweep(from: number, to: number): Float32Array {
  const values: number[] = []
  for (let i = 0; i <= 20000; i++) values.push(from + ((to - from) * i) / 20000)
  for (let e = -148; e < 128; e++) for (const m of [1, 1.1, 1.37, Math.SQRT2, 1.5, 1.9, 1.99999]) values.push(m * 2 ** e, -m * 2 ** e)
  for (let i = -2000; i <= 2000; i++) values.push(1 + i * 2 ** -23, i * 2 ** -20)
  return Float32Array.from(values.filter((v) => v >= from && v <= to))
}

const softplus = (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))
const sigmoid = (x: number) => (x < 0 ? Math.exp(x) / (1 + Math.exp(x)) : 1 / (1 + Math.exp(-x)))
const scalarFunctions: { f: Function1; exact: (x: number, y: number) => number; from: number; to: number; bound: number; value?: number }[] = [
  { f: 'exp', exact: Math.exp, from: -110, to: 95, bound: 2 },
  { f: 'log', exact: Math.log, from: 0, to: 3e38, bound: 2 },
  { f: 'log', exact: Math.log, from: 0.4, to: 3, bound: 2 },
  { f: 'log1p', exact: Math.log1p, from: -1, to: 1e6, bound: 4 },
  { f: 'log1p', exact: Math.log1p, from: -1, to: 2, bound: 4 },
  { f: 'sigmoid', exact: sigmoid, from: -1e4, to: 1e4, bound: 4 },
  { f: 'sigmoid', exact: sigmoid, from: -90, to: 20, bound: 4 },
  { f: 'softplus', exact: softplus, from: -1e4, to: 1e4, bound: 4 },
  { f: 'softplus', exact: softplus, from: -90, to: 20, bound: 4 },
  { f: 'tanh', exact: Math.tanh, from: -12, to: 12, bound: 2 },
  { f: 'sqrt', exact: Math.sqrt, from: 0, to: 3e38, bound: 0.5 },
  { f: 'reciprocal', exact: (x) => 1 / x, from: -1e30, to: 1e30, bound: 0.5 },
  { f: 'square', exact: (x) => x * x, from: -1e15, to: 1e15, bound: 0.5 },
  { f: 'pow_constant', exact: (x) => x ** 0.75, from: 0, to: 1e30, bound: 1, value: 0.75 },
  { f: 'pow_constant', exact: (x) => x ** -3, from: -50, to: 50, bound: 1, value: -3 },
  { f: 'pow_constant', exact: (x) => x ** 2, from: -1e15, to: 1e15, bound: 1, value: 2 },
  { f: 'pow_constant', exact: (x) => x ** 20.5, from: 0, to: 60, bound: 1, value: 20.5 },
  { f: 'neg', exact: (x) => -x, from: -9, to: 9, bound: 0 },
  { f: 'abs', exact: Math.abs, from: -9, to: 9, bound: 0 },
  { f: 'sign', exact: Math.sign, from: -9, to: 9, bound: 0 },
  { f: 'relu', exact: (x) => Math.max(x, 0), from: -9, to: 9, bound: 0 },
  { f: 'step', exact: (x) => (x > 0 ? 1 : 0), from: -9, to: 9, bound: 0 },
  { f: 'add', exact: (x, y) => x + y, from: -9, to: 9, bound: 0.5 },
  { f: 'sub', exact: (x, y) => x - y, from: -9, to: 9, bound: 0.5 },
  { f: 'mul', exact: (x, y) => x * y, from: -9, to: 9, bound: 0.5 },
  { f: 'div', exact: (x, y) => x / y, from: -9, to: 9, bound: 0.5 },
  { f: 'max', exact: Math.max, from: -9, to: 9, bound: 0 },
  { f: 'min', exact: Math.min, from: -9, to: 9, bound: 0 },
  { f: 'greater', exact: (x, y) => (x > y ? 1 : 0), from: -9, to: 9, bound: 0 },
  { f: 'add_constant', exact: (x) => x + 1.5, from: -9, to: 9, bound: 0.5, value: 1.5 },
  { f: 'mul_constant', exact: (x) => x * 1.5, from: -9, to: 9, bound: 0.5, value: 1.5 },
  { f: 'max_constant', exact: (x) => Math.max(x, 1.5), from: -9, to: 9, bound: 0, value: 1.5 },
  { f: 'min_constant', exact: (x) => Math.min(x, 1.5), from: -9, to: 9, bound: 0, value: 1.5 },
  { f: 'constant', exact: () => 1.5, from: -9, to: 9, bound: 0, value: 1.5 },
]

test('scalar functions keep their bounds over a wide sweep', () => {
  for (const { f, exact, from, to, bound, value } of scalarFunctions) {
    const xs = sweep(from, to)
    const ys = Float32Array.from(xs, (_, i) => xs[(i * 7919) % xs.length]!)
    const got = apply(f, xs, ys, value)
    for (let i = 0; i < xs.length; i++) {
      const error = ulps(got[i]!, exact(xs[i]!, ys[i]!))
      assert.ok(error <= bound + 1e-6, `${f}(${xs[i]}, ${ys[i]}): ${got[i]} is ${error} ulp from ${exact(xs[i]!, ys[i]!)}`)
    }
  }
})

test('scalar functions at infinities, zeros and NaN', () => {
  const xs = Float32Array.of(Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, -0, Number.NaN, -1, 1e4, -1e4)
  const blind: Function1[] = ['step', 'greater', 'constant']
  for (const { f, exact, value } of scalarFunctions) {
    const got = apply(f, xs, xs, value)
    xs.forEach((x, i) => {
      // the sign of a zero is not looked at
      const want = Math.fround(exact(x, x))
      if (blind.includes(f) || !Number.isNaN(x)) assert.ok(got[i] === want || (Number.isNaN(got[i]) && Number.isNaN(want)), `${f}(${x}) = ${got[i]}`)
      else assert.ok(Number.isNaN(got[i]), `${f}(NaN) = ${got[i]}`)
    })
  }
  const withNan = Float32Array.of(Number.NaN, 1)
  const other = Float32Array.of(1, Number.NaN)
  for (const f of ['max', 'min', 'add'] as const) assert.ok(apply(f, withNan, other).every(Number.isNaN), f)
})

test('elementwise: the value of an element does not depend on its place', () => {
  const xs = numbers(1203).map((x) => x * 20)
  for (const f of ['exp', 'log1p', 'sigmoid', 'softplus', 'tanh', 'square'] as const) {
    const whole = apply(f, xs)
    for (const start of [1, 5, 700, 1190]) assert.deepEqual(apply(f, xs.slice(start)), whole.slice(start), `${f} from ${start}`)
  }
})

test('elementwise: broadcasts, several outputs, a step over an input register, odd tiles', () => {
  const F = 13
  for (const [D, batch] of [17, 16, 32].flatMap((D) => [0, 1, 3, 41].map((batch) => [D, batch] as const))) {
    const hand = new Hand()
    const inputs = [
      hand.input('dense', F * D), // [B, F, D]
      hand.input('perExample', 1), // [B, 1, 1]
      hand.input('perField', F, { batch: false }), // [1, F, 1]
      hand.input('perColumn', D, { batch: false }), // [1, 1, D]
      hand.input('swapped', F * D), // [B, D, F] read as [B, F, D]
      hand.constant([2.5]),
      hand.input('numbers', F), // [B, F, 1]
    ]
    const strides = [
      [F * D, D, 1],
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 1],
      [F * D, 1, F],
      [0, 0, 0],
      [F, 1, 0],
    ]
    const mid = hand.arena(F * D)
    const outputs = [
      { buffer: hand.output('sum', F * D), register: 7 },
      { buffer: mid, register: 0 },
      { buffer: hand.output('product', F * D), register: 8 },
    ]
    const step = (f: Function1, to: number, a: number, b: number) => ({ f, to, a, b, value: 0 })
    const steps = [
      step('mul', 7, 0, 1),
      step('add', 7, 7, 2),
      step('mul', 0, 0, 3), // over the input's register
      step('add', 0, 0, 5),
      step('add', 7, 7, 6),
      step('mul', 8, 7, 4),
    ]
    hand.code.push({ op: 'elementwise', dims: [B, F, D], inputs, strides, steps, registers: 9, outputs })
    const copied = { buffer: hand.output('scaled', F * D), register: 0 }
    hand.code.push({ op: 'elementwise', dims: [-F * D], inputs: [mid], strides: [[1]], steps: [], registers: 1, outputs: [copied] })
    const x = {
      dense: numbers(batch * F * D, 1),
      perExample: numbers(batch, 2),
      perField: numbers(F, 3),
      perColumn: numbers(D, 4),
      swapped: numbers(batch * F * D, 5),
      numbers: numbers(batch * F, 6),
    }
    const before = x.dense.slice()
    const want = { sum: [] as number[], scaled: [] as number[], product: [] as number[] }
    for (let b = 0; b < batch; b++) {
      for (let f = 0; f < F; f++) {
        for (let d = 0; d < D; d++) {
          const dense = x.dense[(b * F + f) * D + d]!
          const sum = dense * x.perExample[b]! + x.perField[f]! + x.numbers[b * F + f]!
          want.sum.push(sum)
          want.scaled.push(dense * x.perColumn[d]! + 2.5)
          want.product.push(sum * x.swapped[(b * D + d) * F + f]!)
        }
      }
    }
    const { outputs: got } = hand.run(batch, { inputs: x })
    assertClose(got.sum, want.sum, 1e-6, 'sum')
    assertClose(got.scaled, want.scaled, 1e-6, 'scaled')
    assertClose(got.product, want.product, 1e-6, 'product')
    assert.deepEqual(x.dense, before)
  }
})

test('elementwise: a broadcast or copied -0 stays -0', () => {
  const hand = new Hand()
  const x = hand.input('x', 1)
  const output = { buffer: hand.output('out', 16), register: 0 }
  hand.code.push({ op: 'elementwise', dims: [B, 16], inputs: [x], strides: [[1, 0]], steps: [], registers: 1, outputs: [output] })
  const out = hand.run(2, { inputs: { x: Float32Array.of(-0, 1) } }).outputs.out!
  assert.ok(
    out.every((v, i) => Object.is(v, i < 16 ? -0 : 1)),
    `${out}`,
  )
})
