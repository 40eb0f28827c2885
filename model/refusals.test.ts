/** What does not fit is refused where it is built, with what was wanted and what was got. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LossmithError } from '../common/errors.js'
import { gradients } from './autodiff.js'
import { Graph } from './graph.js'
import { addRows } from './ops/add-rows.js'
import { broadcast } from './ops/broadcast.js'
import { concat } from './ops/concat.js'
import { constant } from './ops/constant.js'
import { dropoutMask } from './ops/dropout-mask.js'
import { opNamed } from './ops/index.js'
import { lookup } from './ops/lookup.js'
import { lookupGrad } from './ops/lookup-grad.js'
import { matmul } from './ops/matmul.js'
import { oneHot } from './ops/one-hot.js'
import { pairDots, pairDotsCross, pairDotsGrad } from './ops/pair-dots.js'
import { pairwiseAuc } from './ops/pairwise-auc.js'
import { pairwiseAucGrad } from './ops/pairwise-auc-grad.js'
import { reduceMax } from './ops/reduce-max.js'
import { reduceSum } from './ops/reduce-sum.js'
import { reshape } from './ops/reshape.js'
import { add, mul } from './ops/scalar-functions.js'
import { slice } from './ops/slice.js'
import { transpose } from './ops/transpose.js'
import { uniform } from './ops/uniform.js'
import { evaluate } from './reference.js'

const graph = new Graph()
const x = graph.input('x', ['B', 4])
const row = graph.input('row', ['B'])
const cube = graph.input('cube', ['B', 3, 4])
const ids = graph.input('ids', ['B', 3], 'i64')
const weight = graph.parameter('weight', [5, 3], { kind: 'zeros' })
const table = graph.table('table', 10, 4, { kind: 'zeros' })
const other = graph.table('other', 10, 4, { kind: 'zeros' })
const rows = lookupGrad(table, ids, cube)

const refusals: [what: () => unknown, message: string][] = [
  [() => matmul(x, weight), '[matmul] wanted a [B, 4] and b [4, N], got b [5, 3]'],
  [() => matmul(x, weight, { transposeB: true }), '[matmul] wanted a [B, 4] and b [N, 4], got b [5, 3]'],
  [() => matmul(cube, weight), '[matmul] wanted a [M, K], got a [B, 3, 4]'],
  [() => matmul(x, x, { transposeB: true }), '[matmul] wanted a [B, 4] and b [N, 4], got b [B, 4]'],
  [() => add(x, weight), '[add] wanted shapes that broadcast, got [B, 4] and [5, 3]'],
  [() => add(x, row), '[add] wanted shapes that broadcast, got [B, 4] and [B]'],
  [() => mul(rows, rows), "[mul] wanted dense numbers, got rows of 'table' [10, 4]"],
  [() => add(table, table), "[add] wanted dense numbers, got table 'table' [10, 4]"],
  [() => add(ids, ids), '[add] wanted dense numbers, got ids [B, 3]'],
  [() => broadcast(x, ['B', 5]), '[broadcast] wanted a shape that repeats to [B, 5], got [B, 4]'],
  [() => reduceSum(x, 2), '[reduce_sum] wanted a value with an axis 2, got [B, 4]'],
  [() => reduceMax(x, -3), '[reduce_max] wanted a value with an axis -1, got [B, 4]'],
  [() => reduceMax(rows, 0), "[reduce_max] wanted dense numbers, got rows of 'table' [10, 4]"],
  [() => reshape(cube, ['B', 11]), '[reshape] wanted as many numbers as [B, 11] has, got [B, 3, 4]'],
  [() => reshape(x, [4]), '[reshape] wanted as many numbers as [4] has, got [B, 4]'],
  [() => concat([x, weight], 1), '[concat] wanted all like [B, 4] but for axis 1, got [5, 3]'],
  [() => concat([x, x], 0), '[concat] wanted values with an axis 0 that is not B, got [B, 4]'],
  [() => concat([]), '[concat] wanted one input or more, got none'],
  [() => slice(x, 1, 2, 3), '[slice] wanted places 0..4 of axis 1, got 2..5'],
  [() => slice(x, 0, 0, 1), '[slice] wanted a value with an axis 0 that is not B, got [B, 4]'],
  [() => transpose(x), '[transpose] wanted two axes behind the batch, [R, C] or [B, R, C], got [B, 4]'],
  [() => lookup(weight, ids), '[lookup] wanted a table or rows of one, got [5, 3]'],
  [() => lookup(table, row), '[lookup] wanted ids [B, F], got [B]'],
  [() => lookupGrad(table, ids, x), '[lookup_grad] wanted ids [B, 3] and d [B, 3, D], got d [B, 4]'],
  [() => lookupGrad(weight, ids, cube), '[lookup_grad] wanted a table or rows of one, got a dense value of 5 rows'],
  [() => addRows(rows, lookupGrad(other, ids, cube)), "[add_rows] wanted rows of one table, got rows of 'table' [10, 4] and rows of 'other' [10, 4]"],
  [() => addRows(rows, table), "[add_rows] wanted rows of one table, got rows of 'table' [10, 4] and table 'table' [10, 4]"],
  [() => dropoutMask(4, 1, 'dropout/a'), '[dropout_mask] wanted a rate from 0 to below 1, got 1'],
  [() => uniform(0, 'gumbel/a'), '[uniform] wanted whole dimensions from 1, B only in front, got [B, 0]'],
  [() => oneHot(row, 0, [1]), '[one_hot] wanted ids [B, F], got [B]'],
  [() => oneHot(ids, 3, [1]), '[one_hot] wanted a column of ids [B, 3], got 3'],
  [() => oneHot(ids, 0, []), '[one_hot] wanted rows from 0, ascending, got none'],
  [() => oneHot(ids, 0, [1, 4, 4]), '[one_hot] wanted rows from 0, ascending, got 4 at 2'],
  [() => pairDots(x), '[pair_dots] wanted two fields or more, [B, F, D], got [B, 4]'],
  [() => pairDots(slice(cube, 1, 0, 1)), '[pair_dots] wanted two fields or more, [B, F, D], got [B, 1, 4]'],
  [() => pairDots(table), "[pair_dots] wanted dense numbers, got table 'table' [10, 4]"],
  [() => pairDotsCross(cube, slice(cube, 2, 0, 3)), '[pair_dots_cross] wanted b like a [B, 3, 4], got b [B, 3, 3]'],
  [() => pairDotsGrad(cube, x), '[pair_dots_grad] wanted d [B, 3], got d [B, 4]'],
  [() => pairwiseAuc(x, row), '[pairwise_auc] wanted logits [B] and labels [B], got [B, 4] and [B]'],
  [() => pairwiseAuc(row, ids), '[pairwise_auc] wanted dense numbers, got ids [B, 3]'],
  [() => pairwiseAucGrad(row, row, x), '[pairwise_auc_grad] wanted d [B], got d [B, 4]'],
  [() => constant(1, [3, 'B']), '[constant] wanted whole dimensions from 1, B only in front, got [3, B]'],
  [() => graph.input('x', ['B']), "[input] wanted a new name, got 'x', which the model has already"],
  [() => graph.parameter('p', [0], { kind: 'zeros' }), '[parameter] wanted whole dimensions from 1, B only in front, got [0]'],
  [() => gradients(x, [x]), '[gradients] wanted one number or a cotangent, got [B, 4]'],
  [() => gradients(rows, [cube], x), "[gradients] wanted a cotangent like rows of 'table' [10, 4], got [B, 4]"],
  [() => gradients(reduceSum(row, 0), [table]), "[gradients] wanted a table that the output depends on, got table 'table' [10, 4]"],
  [() => evaluate([row], { values: new Map(), batch: 2 }), "[reference] wanted a value for input 'row', got none"],
  [
    () => evaluate([row], { values: new Map([['row', { shape: [3], data: new Float64Array(3) }]]), batch: 2 }),
    "[reference] wanted 'row' [2], got [3]",
  ],
]

for (const [what, message] of refusals)
  test(message, () => {
    assert.throws(what, (error: unknown) => {
      assert.ok(error instanceof LossmithError)
      assert.deepEqual([error.kind, error.message], ['config', message])
      return true
    })
  })

test('an id that is no row of the table is refused', () => {
  for (const id of [10, -1]) {
    const values = new Map([
      ['ids', { shape: [1, 3], data: new Float64Array([0, id, 1]) }],
      ['table', { shape: [10, 4], data: new Float64Array(40) }],
    ])
    assert.throws(() => evaluate([lookup(table, ids)], { values, batch: 1 }), {
      code: 'row-out-of-range',
      message: `[lookup] wanted rows 0..9, got ${id}`,
    })
  }
})

test('the gradient of the pairwise objective has no gradient', () => {
  const [first] = gradients(reduceSum(pairwiseAuc(row, row), 0), [row])
  assert.throws(() => gradients(reduceSum(first!, 0), [row]), { kind: 'broken', code: 'no-second-gradient' })
})

test('an op that does not exist is a bug, not a user’s mistake', () => {
  assert.throws(() => opNamed('gelu'), { kind: 'broken' })
})
