/**
 * one_hot: out[B, rows.length] is 1 where the id in one column of ids is the row of that place, else 0. An id that is none of the rows
 * gives zeros. A product with a small matrix is then an embedding of few values that needs no table. It has no ONNX rule.
 */
import type { Tensor } from '../graph.js'
import { apply, asDense, describe, type Op, refuse } from '../op.js'

/** `rows` ascending. */
export function oneHot(ids: Tensor, column: number, rows: readonly number[]): Tensor {
  return apply(oneHotOp, [ids], { column, rows })
}

interface OneHotAttributes {
  readonly column: number
  readonly rows: readonly number[]
}

export const oneHotOp: Op = {
  name: 'one_hot',
  result([ids], attributes) {
    const { column, rows } = attributes as unknown as OneHotAttributes
    if (ids!.dtype !== 'i64' || ids!.shape.length !== 2 || ids!.shape[0] !== 'B') throw refuse('one_hot', 'ids [B, F]', describe(ids!))
    if (!Number.isInteger(column) || column < 0 || column >= (ids!.shape[1] as number))
      throw refuse('one_hot', `a column of ${describe(ids!)}`, `${column}`)
    const wrong = rows.findIndex((row, i) => !Number.isSafeInteger(row) || row < 0 || (i > 0 && row <= rows[i - 1]!))
    if (rows.length === 0 || wrong >= 0) throw refuse('one_hot', 'rows from 0, ascending', rows.length === 0 ? 'none' : `${rows[wrong]} at ${wrong}`)
    return { shape: ['B', rows.length] }
  },
  reference({ inputs, attributes, shape }) {
    const { column, rows } = attributes as unknown as OneHotAttributes
    const ids = asDense(inputs[0]!)
    const data = new Float64Array(shape[0]! * rows.length)
    for (let at = 0; at < data.length; at++) {
      const example = Math.floor(at / rows.length)
      data[at] = ids.data[example * ids.shape[1]! + column] === rows[at % rows.length] ? 1 : 0
    }
    return { shape, data }
  },
  samples: [
    { title: 'every row of a small field', build: (make) => oneHot(make.ids(3, 5), 1, [0, 1, 2, 3, 4]) },
    { title: 'some rows of a large one', build: (make) => oneHot(make.ids(2, 40), 0, [0, 1, 3, 7, 12, 20, 39]) },
    { title: 'one row', build: (make) => oneHot(make.ids(4, 3), 3, [0]) },
    {
      title: 'wider than a register',
      build: (make) =>
        oneHot(
          make.ids(1, 60),
          0,
          Array.from({ length: 33 }, (_, i) => 2 * i),
        ),
    },
  ],
}
