/** Products of matrices against float64: every transposition, odd sizes, the batch as m and as k, bias, relu, NaN. */
import assert from 'node:assert/strict'
import { assertClose, B, Hand, numbers, pick, test } from './hand-program.test.support.js'

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
