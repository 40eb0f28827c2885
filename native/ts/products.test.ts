/**
 * Products of matrices on an emulated device, in loops and through all calls of cuBLASLt (a mock): single ones against a float64 reference, and those
 * of whole models, fused with their neighbours, against the CPU.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Buffer, Program } from '../../model/program.js'
import type { RunOptions } from './binding.js'
import { buildMockCublasLt, type Reluctance } from './cublaslt-mock.test.support.js'
import { loadNative } from './load.js'
import {
  alike,
  BATCH,
  bf16,
  input,
  models,
  near,
  numbers,
  output,
  parameter,
  product,
  shapes,
  single,
  training,
} from './products-reference.test.support.js'

const native = loadNative()
const byMock = buildMockCublasLt()
const skip = !native.describeCuda().built && 'this engine was built without CUDA'

// Numbers of cublasLtEpilogue_t.
const RELU_BIAS = 6
const RELU_AUX_BIAS = 134
const DRELU = 136
const DRELU_BGRAD = 152
const BGRADA = 256

for (const precision of ['float32', 'tf32', 'bf16'] as const) {
  describe(`single products in ${precision}`, { skip }, () => {
    for (const [name, sizes] of shapes) {
      for (const more of [{}, { bias: 2, activation: 'relu' as const }]) {
        test(`${name}${more.bias ? ', bias and relu' : ''}`, () => {
          for (const batch of [0, 1, 2, 33]) {
            const { program, values, wanted } = single({ ...sizes, ...more }, batch, precision)
            const device = { device: 'emulated', precision } as const
            near(native.runProgram(program, batch, values, device), wanted, 'in loops')
            byMock(() => near(native.runProgram(program, batch, values, device), wanted, 'by the mock'))
          }
        })
      }
    }
  })
}

test('a hidden layer in bf16 is stored in bf16', { skip }, () => {
  const sizes = { B: 9, k: 12, h: 20, n: 10 }
  const arena: Buffer = { place: 'arena', dtype: 'f32', batch: true, inner: sizes.h, offset: 0 }
  const matmul = { op: 'matmul', transposeA: false, transposeB: false } as const
  const program: Program = {
    name: 'two layers',
    maxBatch: sizes.B,
    buffers: [
      input(0, sizes.k),
      parameter(0, sizes.k * sizes.h),
      parameter(1, sizes.h),
      arena,
      parameter(2, sizes.h * sizes.n),
      output(true, sizes.n),
    ],
    code: [
      { ...matmul, a: 0, b: 1, bias: 2, out: 3, m: BATCH, n: sizes.h, k: sizes.k, activation: 'relu' },
      { ...matmul, a: 3, b: 4, bias: -1, out: 5, m: BATCH, n: sizes.n, k: sizes.h, activation: 'none' },
    ],
    cut: 2,
    arenaBytes: 4 * sizes.B * sizes.h,
    inputs: ['x'],
    parameters: ['w', 'bias', 'v'],
    tables: [],
    outputs: ['out'],
  }
  const [x, w, bias, v] = [numbers(sizes.B * sizes.k, 1), numbers(sizes.k * sizes.h, 2), numbers(sizes.h, 3), numbers(sizes.h * sizes.n, 4)]
  const layer = { m: sizes.B, n: sizes.h, k: sizes.k, transposeA: false, transposeB: false }
  const hidden = product(layer, x.map(bf16), w.map(bf16)).map((sum, i) => bf16(Math.max(0, sum + bf16(bias[i % sizes.h]!))))
  const wanted = product({ ...layer, n: sizes.n, k: sizes.h }, hidden, v.map(bf16))
  const values = { inputs: { x }, parameters: { w, bias, v }, tables: {}, seed: 1, step: 0, lane: 0 }
  const device = { device: 'emulated', precision: 'bf16' } as const
  near(native.runProgram(program, sizes.B, values, device), wanted, 'in loops')
  const asked = byMock(() => near(native.runProgram(program, sizes.B, values, device), wanted, 'by the mock'))
  assert.ok(asked.includes(`${sizes.h}×${sizes.B}×${sizes.k} N N ${RELU_BIAS} 14 14 0`), asked.join('\n'))
})

test('a square matrix and its transpose are two products', { skip }, () => {
  const [rows, size] = [5, 8]
  const matmul = { op: 'matmul', a: 0, b: 1, bias: -1, m: BATCH, n: size, k: size, transposeA: false, activation: 'none' } as const
  const program: Program = {
    name: 'square',
    maxBatch: rows,
    buffers: [input(0, size), parameter(0, size * size), output(true, size), { ...output(true, size), index: 1 }],
    code: [
      { ...matmul, out: 2, transposeB: false },
      { ...matmul, out: 3, transposeB: true },
    ],
    cut: 2,
    arenaBytes: 0,
    inputs: ['x'],
    parameters: ['w'],
    tables: [],
    outputs: ['out', 'other'],
  }
  const [x, w] = [numbers(rows * size, 1), numbers(size * size, 2)]
  byMock(() => {
    const got = native.runProgram(program, rows, { inputs: { x }, parameters: { w }, tables: {}, seed: 1, step: 0, lane: 0 }, { device: 'emulated' })
    const of = (transposeB: boolean) => product({ m: rows, n: size, k: size, transposeA: false, transposeB }, x, w)
    near(got, of(false), 'as it is')
    near({ ...got, outputs: { out: got.outputs.other! } }, of(true), 'transposed')
  })
})

const reluctances: [string, Reluctance][] = [
  ['that knows everything', {}],
  ['without masks', { refuse: [RELU_AUX_BIAS] }],
  ['without sums of gradients', { refuse: [DRELU_BGRAD, BGRADA] }],
  ['without gradients of relu', { refuse: [DRELU_BGRAD, DRELU] }],
  ['that refuses late', { refuseLate: [RELU_AUX_BIAS, RELU_BIAS, DRELU_BGRAD, BGRADA] }],
]

for (const [name, choice, sizes] of models) {
  describe(`the training program of ${name}`, { skip }, () => {
    const { program, valuesOf } = training(choice, sizes)
    // Single precision through some twenty ops and sums of a few hundred terms.
    const compare = (batch: number, options: RunOptions, what: string) =>
      alike(native.runProgram(program, batch, valuesOf(batch), options), native.runProgram(program, batch, valuesOf(batch)), 2e-5, what)

    test('is the same fused and unfused', () => {
      for (const batch of [0, 1, 7, 32]) {
        compare(batch, { device: 'emulated', fuse: false }, 'unfused')
        compare(batch, { device: 'emulated' }, 'fused')
      }
    })
    test('is the same by any cuBLASLt', () => {
      for (const [which, reluctance] of reluctances) {
        for (const batch of [0, 1, 7, 32]) byMock(() => compare(batch, { device: 'emulated' }, `a library ${which}`), reluctance)
      }
    })
    test('has near logits in bf16, and the same gradients by a cuBLASLt', () => {
      const device = { device: 'emulated', precision: 'bf16' } as const
      const cpu = native.runProgram(program, 32, valuesOf(32))
      const loops = native.runProgram(program, 32, valuesOf(32), device)
      alike({ ...loops, gradients: {}, tableGradients: {} }, { ...cpu, gradients: {}, tableGradients: {} }, 0.01, 'bf16') // 2⁻⁹ a rounding
      // Gradients of float32 are no measure: a relu near 0 goes the other way.
      byMock(() => alike(native.runProgram(program, 32, valuesOf(32), device), loops, 2e-3, 'bf16 by the mock'))
    })
  })
}

describe('what is fused', { skip }, () => {
  const epilogues = (which: string, options: RunOptions = {}, reluctance: Reluctance = {}): number[] => {
    const [, choice, sizes] = models.find(([name]) => name === which)!
    const { program, valuesOf } = training(choice, sizes)
    const asked = byMock(() => native.runProgram(program, 32, valuesOf(32), { device: 'emulated', ...options }), reluctance)
    return asked.map((line) => Number(line.split(' ')[3]))
  }
  const count = (all: number[], epilogue: number) => all.filter((each) => each === epilogue).length

  test('relu leaves masks; its gradient takes them and sums over the batch', () => {
    const fused = epilogues('deepfm')
    const runs = count(fused, BGRADA)
    assert.ok(runs > 0)
    // Of three hidden layers the last one's gradient is no product's.
    assert.deepEqual([count(fused, RELU_AUX_BIAS), count(fused, RELU_BIAS), count(fused, DRELU_BGRAD)], [2 * runs, runs, 2 * runs])
    assert.equal(count(epilogues('deepfm', { fuse: false }), DRELU_BGRAD), 0)
  })
  test('two products that are added before a relu', () => {
    const fused = epilogues('deepfm with numbers')
    assert.equal(count(fused, RELU_AUX_BIAS), 2 * count(fused, BGRADA))
  })
  test('sums in bf16 stay float32, by a pass of their own', () => {
    const fused = epilogues('deepfm', { precision: 'bf16' })
    assert.equal(count(fused, DRELU_BGRAD), 0)
    assert.equal(count(fused, DRELU), 2 * count(fused, BGRADA))
  })
  test('a sum is not fused at the price of an idle GPU', () => {
    assert.equal(count(epilogues('deepfm', {}, { fewWaves: [BGRADA] }), BGRADA), 0)
  })
})
