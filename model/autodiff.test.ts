import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gradients } from './autodiff.js'
import { Graph, type Tensor } from './graph.js'
import type { DenseValue, RowsValue, Value } from './op.js'
import { addRows } from './ops/add-rows.js'
import { lookup } from './ops/lookup.js'
import { lookupGrad } from './ops/lookup-grad.js'
import { reduceSum } from './ops/reduce-sum.js'
import { add, exp, mul, pow, relu, square } from './ops/scalar-functions.js'
import { evaluate } from './reference.js'

const numbers = (shape: number[], ...data: number[]): DenseValue => ({ shape, data: Float64Array.from(data) })
const run = (output: Tensor, values: Record<string, Value>, batch = 0) => evaluate([output], { values: new Map(Object.entries(values)), batch })[0]!
const dataOf = (value: Value) => [...(value as DenseValue).data]

test('a tensor used several times gets the sum of its uses', () => {
  const graph = new Graph()
  const x = graph.input('x', [3])
  const y = exp(x)
  const [dx] = gradients(reduceSum(add(mul(y, x), y), 0), [x])
  assert.deepEqual(dataOf(run(dx!, { x: numbers([3], 0, 1, 2) })), [2, 3 * Math.E, 4 * Math.exp(2)])
})

test('gradients of gradients: derivatives of x⁴ to the fourth', () => {
  const graph = new Graph()
  const x = graph.input('x', [])
  let d = pow(x, 4)
  const values = [1, 2, 3, 4].map(() => {
    d = gradients(d, [x])[0]!
    return dataOf(run(d, { x: numbers([], 3) }))[0]
  })
  assert.deepEqual(values, [4 * 27, 12 * 9, 24 * 3, 24])
})

test('a gradient may be taken in a tensor between', () => {
  const graph = new Graph()
  const x = graph.input('x', [2])
  const h = square(x)
  const [dh] = gradients(reduceSum(square(h), 0), [h])
  assert.deepEqual(dataOf(run(dh!, { x: numbers([2], 2, 3) })), [8, 18])
})

test('what the output does not depend on, or only by steps, gets zeros', () => {
  const graph = new Graph()
  const x = graph.input('x', ['B', 2])
  const unused = graph.parameter('unused', [2, 2], { kind: 'zeros' })
  const loss = reduceSum(reduceSum(relu(x), 1), 0)
  const [dUnused] = gradients(loss, [unused])
  const [dx] = gradients(loss, [x])
  const [ddx] = gradients(dx!, [x], graph.input('cotangent', ['B', 2]))
  assert.deepEqual(dataOf(run(dUnused!, {})), [0, 0, 0, 0])
  assert.deepEqual(dataOf(run(ddx!, { x: numbers([1, 2], 1, -1), cotangent: numbers([1, 2], 1, 1) }, 1)), [0, 0])
})

test('the gradient of a table is rows, summed over lookups; its own gradient looks the cotangent up', () => {
  const graph = new Graph()
  const table = graph.table('table', 100, 1, { kind: 'zeros' })
  const ids = graph.input('ids', ['B', 2], 'i64')
  const more = graph.input('more', ['B', 1], 'i64')
  const sum = (x: Tensor) => reduceSum(reduceSum(reduceSum(x, 2), 1), 0)
  const loss = add(sum(pow(lookup(table, ids), 3)), sum(lookup(table, more)))
  const [dTable] = gradients(loss, [table])
  assert.equal(dTable!.rowsOf, 'table')
  const values = {
    table: { shape: [100, 1], rows: new Map([5, 7].map((row) => [row, Float64Array.of(row)])) } satisfies RowsValue,
    ids: numbers([2, 2], 5, 7, 7, 0),
    more: numbers([2, 1], 99, 5),
    direction: { shape: [100, 1], rows: new Map([[7, Float64Array.of(10)]]) } satisfies RowsValue,
  }
  const rows = (run(dTable!, values, 2) as RowsValue).rows
  // 3x² for every lookup by ids (7 comes twice), 1 for every one by more.
  assert.deepEqual([...rows].map(([row, value]) => [row, ...value]).sort(), [
    [0, 0],
    [5, 3 * 25 + 1],
    [7, 2 * 3 * 49],
    [99, 1],
  ])

  const direction = graph.table('direction', 100, 1, { kind: 'zeros' })
  const [hessianTimesDirection] = gradients(dTable!, [table], direction)
  const second = (run(hessianTimesDirection!, values, 2) as RowsValue).rows
  assert.deepEqual(
    [...second].filter(([, value]) => value[0] !== 0),
    [[7, Float64Array.of(2 * 6 * 7 * 10)]],
  )

  assert.throws(() => gradients(addRows(dTable!, dTable!), [table], direction), {
    code: 'bad-shape',
    message: /^\[add_rows\] wanted rows of one table/,
  })
  const rowsOfOne = lookupGrad(direction, graph.input('seven', ['B', 1], 'i64'), graph.input('ten', ['B', 1, 1]))
  const [twice] = gradients(addRows(dTable!, dTable!), [table], rowsOfOne)
  const given = { ...values, seven: numbers([2, 1], 7, 7), ten: numbers([2, 1, 1], 4, 6) }
  assert.deepEqual([...(run(twice!, given, 2) as RowsValue).rows.get(7)!], [2 * 2 * 6 * 7 * 10])
})
