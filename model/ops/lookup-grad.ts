/**
 * lookup_grad: the gradient of a lookup. Rows of a table: d[B, F, D] summed by row, in the order of (example, field).
 * It is linear in d, so its own gradient is a lookup in the cotangent, which is a table or rows of one. No op makes a dense [V, D]
 * value, so no other cotangent exists.
 */
import { sameShape, type Tensor } from '../graph.js'
import { apply, asDense, describe, type Op, refuse } from '../op.js'
import { lookup, tableOf } from './lookup.js'

/** `table` (or rows of it) says only which table and how large: its numbers are not read. */
export function lookupGrad(table: Tensor, ids: Tensor, d: Tensor): Tensor {
  return apply(lookupGradOp, [ids, d], { table: tableOf(table), rows: table.shape[0] })
}

export const lookupGradOp: Op = {
  name: 'lookup_grad',
  result([ids, d], attributes) {
    const { table, rows } = attributes as { table: string | undefined; rows: number }
    if (table === undefined) throw refuse('lookup_grad', 'a table or rows of one', `a dense value of ${rows} rows`)
    if (ids!.dtype !== 'i64' || ids!.shape.length !== 2) throw refuse('lookup_grad', 'ids [B, F]', describe(ids!))
    const width = d!.shape[2]
    if (d!.dtype !== 'f32' || d!.rowsOf !== undefined || width === undefined || !sameShape(d!.shape, [...ids!.shape, width]))
      throw refuse('lookup_grad', `ids ${describe(ids!).slice(4)} and d [${ids!.shape.join(', ')}, D]`, `d ${describe(d!)}`)
    return { shape: [rows, width], rowsOf: table }
  },
  gradient: (node, d) => [undefined, lookup(d, node.inputs[0]!)],
  reference({ inputs, shape }) {
    const [rowCount, width] = shape as readonly [number, number]
    const [ids, d] = inputs.map(asDense)
    const rows = new Map<number, Float64Array>()
    for (const [at, row] of ids!.data.entries()) {
      const sum = rows.get(row) ?? new Float64Array(width)
      for (let column = 0; column < width; column++) sum[column]! += d!.data[at * width + column]!
      rows.set(row, sum)
    }
    return { shape: [rowCount, width], rows }
  },
  samples: [
    { title: 'embeddings', build: (make) => lookupGrad(make.table(11, 4), make.ids(3, 11), make.input(['B', 3, 4])) },
    { title: 'first-order weights', build: (make) => lookupGrad(make.table(7, 1), make.ids(5, 7), make.input(['B', 5, 1])) },
    { title: 'many equal ids', build: (make) => lookupGrad(make.table(2, 17), make.ids(4, 2), make.input(['B', 4, 17])) },
  ],
}
