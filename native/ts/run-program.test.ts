/**
 * Every instruction of the engine against float64 arithmetic written out here, on the CPU and on a GPU: odd sizes, broadcasts, empty batches, bad
 * input. Programs are made by hand, so that a mistake of the compiler cannot hide one of a kernel.
 */
import assert from 'node:assert/strict'
import nodeTest from 'node:test'
import type { Buffer, Function1, Instruction, Program } from '../../model/program.js'
import { loadNative, type ProgramResult, type ProgramValues, type RunOptions } from './binding.js'
import { testDevices } from './devices.test.support.js'

const native = loadNative()

let device: NonNullable<RunOptions['device']> = 'cpu'
function test(what: string, body: () => void): void {
  for (const one of testDevices)
    nodeTest(`${what} (${one})`, () => {
      device = one
      body()
    })
}
const maxBatch = 700
const B = -1

/** Collects buffers; arena buffers lie one behind the other. */
class Hand {
  readonly buffers: Buffer[] = []
  readonly code: Instruction[] = []
  readonly inputs: string[] = []
  readonly parameters: string[] = []
  readonly tables: string[] = []
  readonly outputs: string[] = []
  arenaBytes = 0

  input(name: string, inner: number, options: { batch?: boolean; dtype?: 'f32' | 'i64' } = {}): number {
    this.inputs.push(name)
    const { batch = true, dtype = 'f32' } = options
    return this.add({ place: 'input', dtype, batch, inner, index: this.inputs.length - 1 })
  }
  parameter(name: string, inner: number): number {
    this.parameters.push(name)
    return this.add({ place: 'parameter', dtype: 'f32', batch: false, inner, index: this.parameters.length - 1 })
  }
  gradient(name: string, inner: number): number {
    return this.add({ place: 'gradient', dtype: 'f32', batch: false, inner, index: this.parameters.indexOf(name) })
  }
  output(name: string, inner: number, batch = true): number {
    this.outputs.push(name)
    return this.add({ place: 'output', dtype: 'f32', batch, inner, index: this.outputs.length - 1 })
  }
  constant(values: number[]): number {
    return this.add({ place: 'constant', dtype: 'f32', batch: false, inner: values.length, values })
  }
  arena(inner: number, batch = true): number {
    const offset = this.arenaBytes
    this.arenaBytes += Math.ceil((inner * (batch ? maxBatch : 1) * 4) / 64) * 64
    return this.add({ place: 'arena', dtype: 'f32', batch, inner, offset })
  }
  table(name: string): number {
    this.tables.push(name)
    return this.tables.length - 1
  }
  run(batch: number, values: Partial<ProgramValues>, options: RunOptions = {}): ProgramResult {
    const program: Program = { ...this, name: 'by hand', maxBatch, cut: this.code.length }
    const result = native.runProgram(
      program,
      batch,
      { inputs: {}, parameters: {}, tables: {}, seed: 7, step: 3, lane: 2, ...values },
      { device, ...options },
    )
    assert.deepEqual(result.overruns, [])
    return result
  }
  private add(buffer: Buffer): number {
    this.buffers.push(buffer)
    return this.buffers.length - 1
  }
}

/** Numbers in (-1, 1) that look random and are the same every time. */
function numbers(count: number, seed = 1): Float32Array {
  let state = seed * 2654435761
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0
    return state / 2 ** 31
  })
}

function assertClose(got: Float32Array | undefined, want: ArrayLike<number>, tolerance: number, what: string): void {
  assert.ok(got, `${what}: missing`)
  assert.equal(got.length, want.length, what)
  for (let i = 0; i < want.length; i++) {
    const error = Math.abs(got[i]! - want[i]!)
    assert.ok(error <= tolerance || Object.is(got[i], want[i]), `${what}[${i}]: wanted ${want[i]}, got ${got[i]}`)
  }
}

const pick = (size: number, batch: number) => (size < 0 ? -size * batch : size)

test('matmul: every transposition, the batch as m and as k, vectors, bias and relu', () => {
  // m, n, k, a by batch, b by batch, out by batch
  const sizes: [number, number, number][] = [
    [B, 7, 5],
    [B, 1, 33],
    [B, 65, 1],
    [-3, 9, 4],
    [6, 10, B],
    [67, 1, B],
    [1, 67, B],
    [B, 64, 48],
    [1, 5, 3],
    [9, 1, 1],
  ]
  for (const [m, n, k] of sizes) {
    for (const variant of Array.from({ length: 16 }, (_, v) => v)) {
      const [transposeA, transposeB, withBias, relu] = [1, 2, 4, 8].map((bit) => (variant & bit) !== 0) as [boolean, boolean, boolean, boolean]
      for (const batch of [0, 1, 19]) {
        const [bm, bn, bk] = [pick(m, batch), pick(n, batch), pick(k, batch)]
        const hand = new Hand()
        const aInner = Math.abs(m * k)
        const bInner = Math.abs(k * n)
        const a = hand.input('a', aInner, { batch: m < 0 || k < 0 })
        const b = hand.input('b', bInner, { batch: k < 0 })
        const bias = withBias ? hand.parameter('bias', n) : -1
        const out = hand.output('out', Math.abs(m * n), m < 0)
        hand.code.push({ op: 'matmul', a, b, bias, out, m, n, k, transposeA, transposeB, activation: relu ? 'relu' : 'none' })
        const av = numbers(bm * bk, 1)
        const bv = numbers(bk * bn, 2)
        const biasValues = numbers(n, 3)
        const want: number[] = []
        for (let i = 0; i < bm; i++) {
          for (let j = 0; j < bn; j++) {
            let sum = withBias ? biasValues[j]! : 0
            for (let l = 0; l < bk; l++) sum += av[transposeA ? l * bm + i : i * bk + l]! * bv[transposeB ? j * bk + l : l * bn + j]!
            want.push(relu ? Math.max(0, sum) : sum)
          }
        }
        const result = hand.run(batch, { inputs: { a: av, b: bv }, parameters: withBias ? { bias: biasValues } : {} })
        assertClose(result.outputs.out, want, 1e-5, `matmul ${[m, n, k, variant, batch]}`)
      }
    }
  }
})

test('matmul: a NaN goes through relu', () => {
  for (const n of [1, 6]) {
    const hand = new Hand()
    const code = { a: hand.input('a', 5), b: hand.input('b', 5 * n, { batch: false }), bias: -1, out: hand.output('out', n) }
    hand.code.push({ op: 'matmul', ...code, m: B, n, k: 5, transposeA: false, transposeB: false, activation: 'relu' })
    const a = numbers(20)
    a[0] = Number.NaN
    const out = hand.run(4, { inputs: { a, b: numbers(5 * n) } }).outputs.out!
    assert.ok(out.slice(0, n).every(Number.isNaN) && !out.slice(n).some(Number.isNaN), `n = ${n}: ${out}`)
  }
})

test('matmul: more batch sizes than are kept prepared', () => {
  const hand = new Hand()
  const code = { a: hand.input('a', 3), b: hand.input('b', 6, { batch: false }), bias: -1, out: hand.output('out', 2) }
  hand.code.push({ op: 'matmul', ...code, m: B, n: 2, k: 3, transposeA: false, transposeB: false, activation: 'none' })
  for (const batch of [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 2, 700]) {
    const a = numbers(batch * 3)
    const b = numbers(6, 2)
    const want = Array.from({ length: batch * 2 }, (_, i) => [0, 1, 2].reduce((sum, l) => sum + a[(i >> 1) * 3 + l]! * b[l * 2 + (i & 1)]!, 0))
    assertClose(hand.run(batch, { inputs: { a, b } }).outputs.out, want, 1e-6, `batch ${batch}`)
  }
})

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

test('reduce_sum: columns over the batch, rows, the middle', () => {
  const shapes: [number, number, number][] = [
    [1, B, 1],
    [1, B, 70],
    [1, B, 3],
    [B, 39, 16],
    [B, 5, 17],
    [B, 16, 1],
    [-3, 37, 1],
    [B, 1, 130],
    [2, B, 21],
    // Long ones, which a GPU takes in parts.
    [2, 9000, 1],
    [1, 40000, 1],
    [B, 1100, 1],
    [1, 1000, 70],
    [3, 129, 5],
    [1, -9, 33],
  ]
  for (const [outer, length, inner] of shapes) {
    for (const batch of [0, 1, 67]) {
      const [bo, bl] = [pick(outer, batch), pick(length, batch)]
      const hand = new Hand()
      const x = hand.input('x', Math.abs(outer * length * inner), { batch: outer < 0 || length < 0 })
      const out = hand.output('out', Math.abs(outer) * inner, outer < 0)
      hand.code.push({ op: 'reduce_sum', x, out, outer, length, inner })
      const values = numbers(bo * bl * inner)
      const want = new Float64Array(bo * inner)
      for (let o = 0; o < bo; o++)
        for (let l = 0; l < bl; l++) for (let i = 0; i < inner; i++) want[o * inner + i]! += values[(o * bl + l) * inner + i]!
      assertClose(hand.run(batch, { inputs: { x: values } }).outputs.out, want, bl > 500 ? 5e-4 : 1e-5, `reduce ${[outer, length, inner, batch]}`)
    }
  }
})

test('reduce_max: a NaN comes out wherever it stands, of no numbers −∞', () => {
  for (const [outer, length, inner] of [
    [3, 37, 1],
    [2, 5, 19],
    [1, B, 4],
    [1, 300, 3],
  ] as const) {
    const hand = new Hand()
    const size = outer * inner * Math.abs(length)
    const x = hand.input('x', size, { batch: length < 0 })
    hand.code.push({ op: 'reduce_max', x, out: hand.output('out', outer * inner, false), outer, length, inner })
    const count = length < 0 ? 6 : length
    for (let bad = 0; bad < count; bad++) {
      const values = Float32Array.from({ length: outer * count * inner }, (_, i) => (Math.floor(i / inner) % count === bad ? Number.NaN : i))
      assert.ok(hand.run(6, { inputs: { x: values } }).outputs.out!.every(Number.isNaN), `${outer}, ${length}, ${inner}: NaN at ${bad}`)
    }
    if (length < 0) assert.deepEqual(hand.run(0, { inputs: { x: new Float32Array() } }).outputs.out, new Float32Array(4).fill(-Infinity))
  }
})

test('concat, slice and transpose move every element to its place', () => {
  for (const batch of [0, 1, 7]) {
    const hand = new Hand()
    const x = hand.input('x', 3 * 5)
    const y = hand.input('y', 3 * 2)
    const joined = hand.output('joined', 3 * 7)
    const cut = hand.output('cut', 3 * 2)
    const turned = hand.output('turned', 37 * 18)
    const wide = hand.input('wide', 18 * 37)
    const byBatch = hand.output('byBatch', 15)
    const large = hand.input('large', 2 * 70 * 45)
    const largeTurned = hand.output('largeTurned', 2 * 70 * 45)
    hand.code.push({ op: 'concat', inputs: [x, y], widths: [5, 2], out: joined, outer: -3 })
    hand.code.push({ op: 'slice', x, out: cut, outer: -3, from: 3, width: 2, total: 5 })
    hand.code.push({ op: 'transpose', x: wide, out: turned, outer: B, rows: 18, columns: 37 })
    hand.code.push({ op: 'transpose', x, out: byBatch, outer: 1, rows: B, columns: 15 })
    hand.code.push({ op: 'transpose', x: large, out: largeTurned, outer: -2, rows: 70, columns: 45 })
    const v = { x: numbers(batch * 15, 1), y: numbers(batch * 6, 2), wide: numbers(batch * 18 * 37, 3), large: numbers(batch * 2 * 70 * 45, 4) }
    const rows = Array.from({ length: 3 * batch }, (_, r) => r)
    const got = hand.run(batch, { inputs: v }).outputs
    assertClose(
      got.joined,
      rows.flatMap((r) => [...v.x.slice(r * 5, r * 5 + 5), ...v.y.slice(r * 2, r * 2 + 2)]),
      0,
      'concat',
    )
    assertClose(
      got.cut,
      rows.flatMap((r) => [...v.x.slice(r * 5 + 3, r * 5 + 5)]),
      0,
      'slice',
    )
    const place = (i: number) => Math.floor(i / 666) * 666 + (i % 18) * 37 + (Math.floor(i / 18) % 37)
    assertClose(
      got.turned,
      v.wide.map((_, i) => v.wide[place(i)]!),
      0,
      'transpose',
    )
    assertClose(
      got.byBatch,
      v.x.map((_, i) => v.x[(i % batch) * 15 + Math.floor(i / batch)]!),
      0,
      'transpose of the batch',
    )
    assertClose(
      got.largeTurned,
      v.large.map((_, i) => v.large[Math.floor(i / 3150) * 3150 + (i % 70) * 45 + (Math.floor(i / 70) % 45)]!),
      0,
      'transpose of large matrices',
    )
  }
})

test('pair_dots, pair_dots_cross and pair_dots_grad: few rows and many, too many for the memory of a team', () => {
  for (const [F, D, batch] of [
    [2, 1, 3],
    [5, 3, 4],
    [27, 16, 3],
    [6, 20, 0],
    [70, 180, 2],
    [40, 400, 1],
  ] as const) {
    const pairs = (F * (F - 1)) / 2
    const hand = new Hand()
    const [a, b, d] = [hand.input('a', F * D), hand.input('b', F * D), hand.input('d', pairs)]
    hand.code.push({ op: 'pair_dots', x: a, out: hand.output('dots', pairs), fields: F, width: D })
    hand.code.push({ op: 'pair_dots_cross', a, b, out: hand.output('cross', pairs), fields: F, width: D })
    hand.code.push({ op: 'pair_dots_grad', x: a, d, out: hand.output('grad', F * D), fields: F, width: D })
    const v = { a: numbers(batch * F * D, 1), b: numbers(batch * F * D, 2), d: numbers(batch * pairs, 3) }
    const want = { dots: [] as number[], cross: [] as number[], grad: new Array<number>(batch * F * D).fill(0) }
    for (let e = 0; e < batch; e++) {
      const at = (i: number, w: number) => (e * F + i) * D + w
      for (let i = 0; i < F; i++)
        for (let j = i + 1; j < F; j++) {
          const weight = v.d[want.dots.length]!
          let [dot, cross] = [0, 0]
          for (let w = 0; w < D; w++) {
            dot += v.a[at(i, w)]! * v.a[at(j, w)]!
            cross += v.a[at(i, w)]! * v.b[at(j, w)]! + v.b[at(i, w)]! * v.a[at(j, w)]!
            want.grad[at(i, w)]! += weight * v.a[at(j, w)]!
            want.grad[at(j, w)]! += weight * v.a[at(i, w)]!
          }
          want.dots.push(dot)
          want.cross.push(cross)
        }
    }
    const { outputs } = hand.run(batch, { inputs: v })
    for (const name of ['dots', 'cross', 'grad'] as const) assertClose(outputs[name], want[name], 1e-4, `${name} of ${[F, D, batch]}`)
  }
})

const ids = (values: number[]) => BigInt64Array.from(values, BigInt)

test('lookup and lookup_grad: duplicate rows are summed in the order of example and field, rows come out sorted', () => {
  for (const width of [1, 3, 8, 16, 20]) {
    const [rows, F, batch] = [3000, 3, 500]
    const hand = new Hand()
    const table = hand.table('t')
    const i = hand.input('ids', F, { dtype: 'i64' })
    const d = hand.input('d', F * width)
    hand.code.push({ op: 'lookup', table, plane: 'weight', ids: i, out: hand.output('out', F * width), fields: F, width })
    hand.code.push({ op: 'lookup_grad', table, ids: i, d, fields: F, width })
    const values = numbers(rows * width, 2)
    const rowOf = Array.from({ length: batch * F }, (_, n) => (n % 5 === 0 ? rows - 1 : Math.floor(((n * 7919) % 9973) ** 2 / 9973 / 4)))
    const dv = numbers(batch * F * width, 3)
    const got = hand.run(batch, { inputs: { ids: ids(rowOf), d: dv }, tables: { t: { rows, width, values } } })
    assertClose(
      got.outputs.out,
      rowOf.flatMap((r) => [...values.slice(r * width, (r + 1) * width)]),
      0,
      'lookup',
    )
    const sums = new Map<number, Float32Array>()
    rowOf.forEach((r, n) => {
      const sum = sums.get(r)
      const part = dv.slice(n * width, (n + 1) * width)
      sums.set(r, sum ? sum.map((s, c) => s + part[c]!) : part) // float32 at every addition: the order is checked to the bit
    })
    const sorted = [...sums.keys()].sort((a, b) => a - b)
    assert.deepEqual(got.tableGradients.t!.rows, sorted)
    assertClose(
      got.tableGradients.t!.values,
      sorted.flatMap((r) => [...sums.get(r)!]),
      device === 'cpu' ? 0 : 1e-5, // a GPU adds a row of hundreds of places in parts
      'lookup_grad',
    )
  }
})

test('lookup_grad: rows of very many places', () => {
  const [fields, batch, width] = [25, 700, 4]
  // Places of rows 0 to 4; then each row has one.
  const many = [10_000, 4096, 65, 64, 63]
  const rowOf = many.flatMap((count, row) => new Array<number>(count).fill(row))
  while (rowOf.length < fields * batch) rowOf.push(rowOf.length)
  const at = (n: number) => (n * 7919) % rowOf.length // 7919 and 17500 have no common divisor: every place once
  const placed = rowOf.map((_, n) => rowOf[at(n)]!)
  const parts = Float32Array.from({ length: placed.length * width }, (_, n) => ((n * 31) % 17) - 8) // whole numbers: sums are exact in any order
  const sums = new Map<number, Float32Array>()
  for (const [n, row] of placed.entries()) {
    const sum = sums.get(row) ?? new Float32Array(width)
    for (let c = 0; c < width; c++) sum[c]! += parts[n * width + c]!
    sums.set(row, sum)
  }
  const hand = new Hand()
  const table = hand.table('t')
  hand.code.push({ op: 'lookup_grad', table, ids: hand.input('ids', fields, { dtype: 'i64' }), d: hand.input('d', fields * width), fields, width })
  const t = { rows: placed.length, width, values: new Float32Array(placed.length * width) }
  const got = hand.run(batch, { inputs: { ids: ids(placed), d: parts }, tables: { t } }).tableGradients.t!
  const sorted = [...sums.keys()].sort((a, b) => a - b)
  assert.deepEqual(got.rows, sorted)
  assertClose(
    got.values,
    sorted.flatMap((row) => [...sums.get(row)!]),
    0,
    'lookup_grad',
  )
})

nodeTest('a device looks up all tables in one launch and groups ids once, however many tables they are of', { skip: testDevices.length < 2 }, () => {
  const hand = new Hand()
  const [t, u] = [hand.table('t'), hand.table('u')]
  const [i, d] = [hand.input('ids', 2, { dtype: 'i64' }), hand.input('d', 6)]
  const looked = hand.arena(2)
  const negated = hand.arena(2)
  const later = hand.arena(6)
  const negative = (x: number, out: number, size: number): Instruction => ({
    ...{ op: 'elementwise', dims: [-size], inputs: [x], strides: [[1]], steps: [{ f: 'neg', to: 1, a: 0, b: 0, value: 0 }] },
    ...{ registers: 2, outputs: [{ buffer: out, register: 1 }] },
  })
  // What the second lookup writes lies where a buffer of the instruction before it lay.
  hand.buffers[later] = { ...hand.buffers[later]!, offset: (hand.buffers[looked] as { offset: number }).offset } as Buffer
  hand.code.push({ op: 'lookup', table: t, plane: 'weight', ids: i, out: looked, fields: 2, width: 1 })
  hand.code.push(negative(looked, negated, 2), negative(negated, hand.output('first', 2), 2))
  hand.code.push({ op: 'lookup', table: u, plane: 'weight', ids: i, out: later, fields: 2, width: 3 }, negative(later, hand.output('second', 6), 6))
  hand.code.push({ op: 'lookup_grad', table: u, ids: i, d, fields: 2, width: 3 })
  hand.code.push({ op: 'lookup_grad', table: t, ids: i, d: hand.input('e', 2), fields: 2, width: 1 })
  const tables = { t: { rows: 3, width: 1, values: numbers(3) }, u: { rows: 3, width: 3, values: numbers(9, 2) } }
  const inputs = { ids: ids([2, 0, 2, 1]), d: numbers(12), e: numbers(4, 3) }
  device = 'cpu'
  const wanted = hand.run(2, { inputs, tables })
  device = testDevices[1]!
  assert.deepEqual(hand.run(2, { inputs, tables }), wanted)
  const program: Program = { ...hand, name: 'by hand', maxBatch, cut: hand.code.length }
  const { launches } = native.profileProgram(program, 2, { inputs, tables, parameters: {}, seed: 7, step: 3, lane: 2 }, { device, repeats: 2 })
  const what = launches.map(({ instruction }) => instruction).filter((text) => text !== 'wait for groups')
  assert.deepEqual(
    what.map((text) => text.split(/[ ,]/)[0]),
    ['group', 'lookup', 'elementwise', 'elementwise', 'elementwise', 'lookup_grad', 'lookup_grad'],
  )
  assert.equal(what[1], 'lookup B×2×1, lookup B×2×3')
})

nodeTest('a device sums x and its square in one launch, unless somebody needs what is spared', { skip: testDevices.length < 2 }, () => {
  const [F, D, batch] = [5, 8, 6]
  const unary = (f: Function1, from: number, to: number): Instruction => ({
    ...{ op: 'elementwise', dims: [-F * D], inputs: [from], strides: [[1]], steps: [{ f, to: 1, a: 0, b: 0, value: 0 }] },
    ...{ registers: 2, outputs: [{ buffer: to, register: 1 }] },
  })
  const sum = (x: number, out: number): Instruction => ({ op: 'reduce_sum', x, out, outer: B, length: F, inner: D })
  /** `between` stands between the square and its sum. */
  const launchesWith = (between: (hand: Hand, buffers: { x: number; square: number; sum: number }) => void): string[] => {
    const hand = new Hand()
    const given = hand.input('x', F * D)
    const [x, square, sumOfX] = [hand.arena(F * D), hand.arena(F * D), hand.arena(D)]
    hand.code.push(unary('neg', given, x), sum(x, sumOfX), unary('square', x, square))
    between(hand, { x, square, sum: sumOfX })
    hand.code.push(sum(square, hand.output('squares', D)), { ...sum(sumOfX, hand.output('sum', D)), length: 1 } as Instruction)
    const inputs = { x: numbers(batch * F * D) }
    device = 'cpu'
    const wanted = hand.run(batch, { inputs })
    device = testDevices[1]!
    const got = hand.run(batch, { inputs })
    for (const name of hand.outputs) assertClose(got.outputs[name], wanted.outputs[name]!, 1e-6, name)
    const program: Program = { ...hand, name: 'by hand', maxBatch, cut: hand.code.length }
    const values = { inputs, tables: {}, parameters: {}, seed: 7, step: 3, lane: 2 }
    return native.profileProgram(program, batch, values, { device, repeats: 1 }).launches.map(({ instruction }) => instruction)
  }
  const both = 'reduce_sum B×5×8, itself and squared'
  assert.deepEqual(launchesWith(() => {}).slice(1), [both, 'reduce_sum B×1×8'])
  const others = (launches: string[]) => launches.filter((text) => text.startsWith('reduce_sum B×5'))
  assert.deepEqual(others(launchesWith((hand, { square }) => hand.code.push(unary('neg', square, hand.output('other', F * D))))), [
    'reduce_sum B×5×8',
    'reduce_sum B×5×8',
  ])
  const early = (hand: Hand, { sum }: { sum: number }) =>
    hand.code.push({ op: 'concat', inputs: [sum], widths: [D], out: hand.output('early', D), outer: B })
  assert.deepEqual(others(launchesWith(early)), ['reduce_sum B×5×8', 'reduce_sum B×5×8 squared'])
  const overwritten = (hand: Hand, { x }: { x: number }) => {
    const later = hand.arena(F * D)
    hand.buffers[later] = { ...hand.buffers[later]!, offset: (hand.buffers[x] as { offset: number }).offset } as Buffer
    hand.code.push(unary('exp', 0, later), unary('neg', later, hand.output('later', F * D)))
  }
  assert.deepEqual(others(launchesWith(overwritten)), ['reduce_sum B×5×8', 'reduce_sum B×5×8'])
})

test('lookup_grad: several instructions on one table are merged in their order', () => {
  const hand = new Hand()
  const table = hand.table('t')
  const other = hand.table('other')
  const [i, j] = [hand.input('i', 1, { dtype: 'i64' }), hand.input('j', 2, { dtype: 'i64' })]
  const [d, e] = [hand.input('d', 2), hand.input('e', 4)]
  hand.code.push({ op: 'lookup_grad', table, ids: i, d, fields: 1, width: 2 })
  hand.code.push({ op: 'lookup_grad', table: other, ids: i, d, fields: 1, width: 2 })
  hand.code.push({ op: 'lookup_grad', table, ids: j, d: e, fields: 2, width: 2 })
  const t = { rows: 9, width: 2, values: new Float32Array(18) }
  const inputs = { i: ids([5, 2]), j: ids([7, 5, 0, 5]), d: Float32Array.of(1, 2, 3, 4), e: Float32Array.of(10, 20, 30, 40, 50, 60, 70, 80) }
  const got = hand.run(2, { inputs, tables: { t, other: t } }).tableGradients
  assert.deepEqual(got.t, { rows: [0, 2, 5, 7], values: Float32Array.of(50, 60, 3, 4, 101, 122, 10, 20) })
  assert.deepEqual(got.other, { rows: [2, 5], values: Float32Array.of(3, 4, 1, 2) })
  const empty = { i: ids([]), j: ids([]), d: new Float32Array(), e: new Float32Array() }
  assert.deepEqual(hand.run(0, { inputs: empty, tables: { t, other: t } }).tableGradients.t, { rows: [], values: new Float32Array() })
})

test('a row beyond the table is refused by name', () => {
  for (const op of ['lookup', 'lookup_grad'] as const) {
    for (const bad of [10, -1]) {
      const hand = new Hand()
      const table = hand.table('clicks')
      const i = hand.input('ids', 2, { dtype: 'i64' })
      if (op === 'lookup') hand.code.push({ op, table, plane: 'weight', ids: i, out: hand.output('out', 8), fields: 2, width: 4 })
      else hand.code.push({ op, table, ids: i, d: hand.input('d', 8), fields: 2, width: 4 })
      const tables = { clicks: { rows: 10, width: 4, values: new Float32Array(40) } }
      assert.throws(() => hand.run(2, { inputs: { ids: ids([1, 2, 3, bad]), d: new Float32Array(16) }, tables }), {
        name: 'LossmithError',
        kind: 'config',
        code: 'row-out-of-range',
        // A device tells of ids for all instructions together.
        message: `[${device === 'cpu' ? op : 'lookup'}] wanted ids of table "clicks" from 0 to 9, got ${bad}`,
      })
    }
  }
})

const mask32 = 0xffffffffn

/** Philox4x32-10 as the paper writes it, in whole numbers of any size. */
function philox(counter: bigint[], low: bigint, high: bigint): bigint[] {
  let c = counter
  for (let round = 0; round < 10; round++) {
    const [p0, p1] = [0xd2511f53n * c[0]!, 0xcd9e8d57n * c[2]!]
    c = [(p1 >> 32n) ^ c[1]! ^ low, p1 & mask32, (p0 >> 32n) ^ c[3]! ^ high, p0 & mask32]
    low = (low + 0x9e3779b9n) & mask32
    high = (high + 0xbb67ae85n) & mask32
  }
  return c
}

function philoxKey(seed: bigint, purpose: string): [bigint, bigint] {
  const wrap = (x: bigint) => BigInt.asUintN(64, x)
  let hash = 0xcbf29ce484222325n
  for (const byte of new TextEncoder().encode(purpose)) hash = wrap((hash ^ BigInt(byte)) * 0x100000001b3n)
  let x = wrap((seed ^ hash) + 0x9e3779b97f4a7c15n)
  x = wrap((x ^ (x >> 30n)) * 0xbf58476d1ce4e5b9n)
  x = wrap((x ^ (x >> 27n)) * 0x94d049bb133111ebn)
  x ^= x >> 31n
  return [x & mask32, x >> 32n]
}

test('dropout_mask and uniform are Philox by seed, purpose, step, lane, example and unit', () => {
  assert.deepEqual(philox([0n, 0n, 0n, 0n], 0n, 0n), [0x6627e8d5n, 0xe169c58dn, 0xbc57ac4cn, 0x9b00dbd8n]) // the paper's known answer
  const [seed, step, lane, rate] = [7, 2 ** 33 + 5, 6, 0.3]
  for (const width of [1, 5, 64, 131, 523]) {
    const hand = new Hand()
    hand.code.push({ op: 'dropout_mask', out: hand.output('mask', width), width, rate, purpose: 'dropout/hidden1' })
    hand.code.push({ op: 'uniform', out: hand.output('uniform', width), width, purpose: 'dropout/hidden1' })
    const { mask: got, uniform: open } = hand.run(9, { seed, step, lane }).outputs as { mask: Float32Array; uniform: Float32Array }
    const [low, high] = philoxKey(BigInt(seed), 'dropout/hidden1')
    for (let example = 0; example < 9; example++) {
      for (let unit = 0; unit < width; unit++) {
        const words = philox([BigInt(unit >> 2), BigInt(example), BigInt(step) & mask32, BigInt(lane) | (2n << 16n)], low, high)
        const uniform = Number(words[unit % 4]! >> 8n) * 2 ** -24
        assert.equal(got[example * width + unit], uniform < rate ? 0 : Math.fround(1 / (1 - rate)), `${width}: example ${example}, unit ${unit}`)
        assert.equal(open[example * width + unit], (Number(words[unit % 4]! >> 9n) + 0.5) * 2 ** -23)
      }
    }
  }
})

test('a gradient is written whole, by itself, and the same program gives the same bytes', () => {
  const hand = new Hand()
  const x = hand.input('x', 40)
  const d = hand.input('d', 24)
  hand.parameter('w', 40 * 24)
  const out = hand.gradient('w', 40 * 24)
  hand.code.push({ op: 'matmul', a: x, b: d, bias: -1, out, m: 40, n: 24, k: B, transposeA: true, transposeB: false, activation: 'none' })
  const values = { inputs: { x: numbers(40 * 501), d: numbers(24 * 501, 2) }, parameters: { w: numbers(960) } }
  const first = hand.run(501, values)
  assert.equal(first.gradients.w?.length, 960)
  assert.deepEqual(hand.run(501, values), first)
  assert.deepEqual(hand.run(0, { ...values, inputs: { x: new Float32Array(), d: new Float32Array() } }).gradients.w, new Float32Array(960))
})

test('an arena plan that lets living buffers overlap is found out', () => {
  const hand = new Hand()
  const x = hand.input('x', 4)
  const first = hand.arena(4)
  const second = hand.arena(4)
  const step = (f: Function1) => [{ f, to: 1, a: 0, b: 0, value: 0 }]
  const unary = (f: Function1, from: number, to: number): Instruction => ({
    ...{ op: 'elementwise', dims: [-4], inputs: [from], strides: [[1]], steps: step(f) },
    ...{ registers: 2, outputs: [{ buffer: to, register: 1 }] },
  })
  hand.code.push(unary('neg', x, first), unary('square', x, second), unary('abs', first, hand.output('out', 4)))
  assertClose(hand.run(2, { inputs: { x: numbers(8) } }).outputs.out, numbers(8).map(Math.abs), 0, 'abs')
  hand.buffers[second] = { ...hand.buffers[second]!, offset: 0 }
  assert.throws(() => hand.run(2, { inputs: { x: numbers(8) } }, { fuse: false }), { kind: 'broken', code: 'arena-overlap' })
})

test('a program that does not fit its buffers is refused before it runs', () => {
  const refused = (change: (hand: Hand) => void, message: RegExp) => {
    const hand = new Hand()
    const a = hand.input('a', 3)
    const b = hand.parameter('b', 6)
    const out = hand.output('out', 2)
    hand.code.push({ op: 'matmul', a, b, bias: -1, out, m: B, n: 2, k: 3, transposeA: false, transposeB: false, activation: 'none' })
    change(hand)
    const values = { inputs: { a: numbers(6) }, parameters: { b: numbers(6) } }
    assert.throws(() => hand.run(2, values), { kind: 'config', code: 'program-invalid', message })
  }
  const first = (fields: object) => (hand: Hand) => {
    hand.code[0] = { ...hand.code[0]!, ...fields } as Instruction
  }
  refused(first({ k: 4 }), /^\[matmul\] wanted a of 4·B, got buffer 0 of 3·B$/)
  refused(first({ m: 1 }), /^\[matmul\] wanted a of 3, got buffer 0 of 3·B$/)
  refused(first({ a: 9 }), /^\[matmul\] wanted a to be one of 3 buffers, got 9$/)
  refused(first({ out: 1 }), /^\[matmul\] wanted out/)
  refused(first({ m: 'B' }), /^\[program\] wanted a number at program\.code\[0\]\.m, got B$/)
  refused(first({ n: 2.5 }), /^\[program\] wanted a whole number at program\.code\[0\]\.n, got 2\.5$/)
  refused(first({ op: 'matmull' }), /^\[program\] wanted an instruction the engine knows at program\.code\[0\]\.op, got "matmull"$/)
  refused(first({ activation: 'gelu' }), /^\[program\] wanted one of none, relu at program\.code\[0\]\.activation, got "gelu"$/)
  refused(first({ transposeA: 0 }), /^\[program\] wanted true or false at program\.code\[0\]\.transposeA, got 0$/)
  refused(
    (hand) => hand.code.push({ op: 'slice', x: 0, out: 2, outer: B, from: 2, width: 2, total: 3 }),
    /^\[slice\] wanted columns inside rows of 3/,
  )
  refused(
    (hand) => hand.code.push({ op: 'lookup', table: 0, plane: 'weight', ids: 0, out: 2, fields: 1, width: 2 }),
    /^\[lookup\] wanted a table below 0, got 0$/,
  )
  refused((hand) => {
    const x = hand.buffers.push({ place: 'tangent', dtype: 'f32', batch: false, inner: 3, index: hand.parameters.push('w') - 1 }) - 1
    hand.code.push({ op: 'slice', x, out: hand.output('early', 2, false), outer: 1, from: 0, width: 2, total: 3 })
  }, /^\[slice\] wanted tangents to be read in the second phase, got one before the cut$/)
  refused((hand) => hand.code.push({ op: 'dropout_mask', out: 2, width: 2, rate: 1, purpose: 'p' }), /^\[dropout_mask\] wanted a rate/)
  refused(
    (hand) => hand.code.push({ op: 'one_hot', ids: 0, out: 2, fields: 3, column: 3, rows: [1, 2] }),
    /^\[one_hot\] wanted a column below 3, got 3$/,
  )
  refused(
    (hand) => hand.code.push({ op: 'one_hot', ids: 0, out: 2, fields: 3, column: 0, rows: [2, 2] }),
    /^\[one_hot\] wanted ascending rows, got 2 after 2$/,
  )
  refused((hand) => hand.code.push({ op: 'reduce_sum', x: 0, out: 2, outer: B, length: 3, inner: 2 }), /^\[reduce_sum\] wanted x of 6·B/)
  refused((hand) => hand.buffers.push({ place: 'arena', dtype: 'f32', batch: true, inner: 3, offset: 0 }), /inside the arena of 0, got offset 0$/)
  refused((hand) => hand.buffers.push({ place: 'input', dtype: 'f32', batch: true, inner: 4, index: 0 }), /^\[buffer 0\] wanted 4·B elements/)
  refused((hand) => {
    const elementwise = { op: 'elementwise', dims: [B, 3], inputs: [0], steps: [], registers: 1, outputs: [] } as const
    hand.code.push({ ...elementwise, strides: [[3, 2]] })
  }, /^\[elementwise\] wanted input 0 of 5·B, got buffer 0 of 3·B$/)
})

test('values that do not fit the program are refused', () => {
  const hand = new Hand()
  const x = hand.input('x', 3)
  const output = { buffer: hand.output('out', 3), register: 0 }
  hand.code.push({ op: 'elementwise', dims: [B, 3], inputs: [x], strides: [[3, 1]], steps: [], registers: 1, outputs: [output] })
  const message = '[run_program] wanted a Float32Array of 6 for "x", got 5'
  assert.throws(() => hand.run(2, { inputs: { x: numbers(5) } }), { kind: 'config', code: 'values-invalid', message })
  assert.throws(() => hand.run(maxBatch + 1, { inputs: { x: numbers(5) } }), { code: 'values-invalid', message: /from 0 to 700, got 701$/ })
})
