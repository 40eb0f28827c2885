/**
 * lookup: out[B, F, D] = table[ids[B, F]]. The table may be a row-sparse value, whose other rows are zero.
 * Its gradient is row-sparse from the first day: see lookup-grad.ts.
 */
import { configError } from '../../common/errors.js'
import { isTable, nameOf, type Tensor } from '../graph.js'
import { apply, asDense, describe, type Op, refuse, type Value } from '../op.js'
import { lookupGrad } from './lookup-grad.js'

export function lookup(table: Tensor, ids: Tensor): Tensor {
  return apply(lookupOp, [table, ids])
}

export const lookupOp: Op = {
  name: 'lookup',
  result([table, ids]) {
    if (tableOf(table!) === undefined) throw refuse('lookup', 'a table or rows of one', describe(table!))
    if (ids!.dtype !== 'i64' || ids!.shape.length !== 2) throw refuse('lookup', 'ids [B, F]', describe(ids!))
    return { shape: [...ids!.shape, table!.shape[1]!] }
  },
  gradient: (node, d) => [lookupGrad(node.inputs[0]!, node.inputs[1]!, d), undefined],
  reference({ inputs, shape }) {
    const width = shape[2]!
    const ids = asDense(inputs[1]!)
    const data = new Float64Array(ids.data.length * width)
    for (const [at, row] of ids.data.entries()) data.set(rowOf(inputs[0]!, row), at * width)
    return { shape, data }
  },
  onnx: (_, names) => [{ opType: 'Gather', inputs: [names.inputs[0]!, names.inputs[1]!], outputs: [names.output], attributes: { axis: { int: 0 } } }],
  samples: [
    { title: 'embeddings', build: (make) => lookup(make.table(11, 4), make.ids(3, 11)) },
    { title: 'first-order weights', build: (make) => lookup(make.table(7, 1), make.ids(5, 7)) },
    { title: 'one field, wide rows', build: (make) => lookup(make.table(3, 33), make.ids(1, 3)) },
  ],
}

/** The table that a tensor is, or is rows of; undefined for dense values. */
export function tableOf(tensor: Tensor): string | undefined {
  return isTable(tensor) ? nameOf(tensor) : tensor.rowsOf
}

function rowOf(table: Value, row: number): Float64Array {
  const [rows, width] = table.shape as [number, number]
  if (!(row >= 0 && row < rows)) throw configError('row-out-of-range', `[lookup] wanted rows 0..${rows - 1}, got ${row}`)
  return 'data' in table ? table.data.subarray(row * width, (row + 1) * width) : (table.rows.get(row) ?? new Float64Array(width))
}
