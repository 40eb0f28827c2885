/** add_rows: the sum of two row-sparse values of one table: a row on both sides is added, a row on one side copied. */
import { sameShape, type Tensor } from '../graph.js'
import { apply, describe, type Op, type RowsValue, refuse } from '../op.js'
import { lookupGrad } from './lookup-grad.js'

export function addRows(a: Tensor, b: Tensor): Tensor {
  return apply(addRowsOp, [a, b])
}

export const addRowsOp: Op = {
  name: 'add_rows',
  result([a, b]) {
    if (a!.rowsOf === undefined || a!.rowsOf !== b!.rowsOf || !sameShape(a!.shape, b!.shape))
      throw refuse('add_rows', 'rows of one table', `${describe(a!)} and ${describe(b!)}`)
    return { shape: a!.shape, rowsOf: a!.rowsOf }
  },
  gradient: (_, d) => [d, d],
  reference({ inputs, shape }) {
    const [a, b] = inputs as readonly [RowsValue, RowsValue]
    const rows = new Map(a.rows)
    for (const [row, values] of b.rows) {
      const other = rows.get(row)
      rows.set(row, other ? other.map((value, column) => value + values[column]!) : values)
    }
    return { shape: shape as readonly [number, number], rows }
  },
  samples: [
    {
      title: 'two lookups of one table',
      build(make) {
        const table = make.table(9, 4)
        return addRows(lookupGrad(table, make.ids(3, 9), make.input(['B', 3, 4])), lookupGrad(table, make.ids(2, 9), make.input(['B', 2, 4])))
      },
    },
  ],
}
