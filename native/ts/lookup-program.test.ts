/** Lookups and their gradients against sums in the order of example and field: duplicates, rows of very many places, several instructions, bad ids. */
import assert from 'node:assert/strict'
import { assertClose, Hand, ids, numbers, test } from './hand-program.test.support.js'

test('lookup and lookup_grad: duplicate rows are summed in the order of example and field, rows come out sorted', (device) => {
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

test('a row beyond the table is refused by name', (device) => {
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
