/** Programs as a whole: gradients written whole, the same bytes again; plans, buffers and values that do not fit are refused. */
import assert from 'node:assert/strict'
import type { Instruction } from '../../model/program.js'
import { assertClose, B, Hand, maxBatch, numbers, test, unary } from './hand-program.test.support.js'

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
  hand.code.push(unary('neg', x, first, 4), unary('square', x, second, 4), unary('abs', first, hand.output('out', 4), 4))
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
