/** Instructions that add up or move elements, against float64: reduce_sum, reduce_max, concat, slice, transpose, products of pairs. */
import assert from 'node:assert/strict'
import { assertClose, B, Hand, numbers, pick, test } from './hand-program.test.support.js'

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
