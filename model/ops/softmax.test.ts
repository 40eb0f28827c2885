/** softmax against its definition, its first two derivatives against finite differences, and where e^x alone would overflow. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { firstDerivative, secondDerivative } from '../check-gradient.js'
import { Graph } from '../graph.js'
import type { DenseValue } from '../op.js'
import { evaluate } from '../reference.js'
import { softmax } from './softmax.js'

const graph = new Graph()
const x = graph.input('x', ['B', 3])
const rows = (...values: number[]): DenseValue => ({ shape: [values.length / 3, 3], data: Float64Array.from(values) })

function softmaxOf(value: DenseValue): Float64Array {
  const [got] = evaluate([softmax(x)], { values: new Map([['x', value]]), batch: value.shape[0]! })
  return (got as DenseValue).data
}

test('shares of e^x', () => {
  const sum = Math.exp(1) + Math.exp(-2) + Math.exp(0.5)
  for (const [i, share] of softmaxOf(rows(1, -2, 0.5)).entries()) assert.ok(Math.abs(share - Math.exp([1, -2, 0.5][i]!) / sum) < 1e-15)
})

test('a row moved as a whole gives the same, also where e^x overflows', () => {
  assert.deepEqual([...softmaxOf(rows(1, 2, 3))], [...softmaxOf(rows(2001, 2002, 2003))])
  assert.deepEqual([...softmaxOf(rows(3e38, -3e38, 0))], [1, 0, 0])
})

test('its derivatives', () => {
  // float64 with steps of 1e-5, as in ops.test.ts
  const at = { values: new Map([['x', rows(0.3, -1.2, 0.8, 2, 2, -0.4)]]), batch: 2 }
  for (const derivative of [firstDerivative, secondDerivative]) {
    const { ruled, measured } = derivative(softmax(x), [x], at)
    assert.ok(Math.abs(measured) > 1e-3)
    assert.ok(Math.abs(ruled - measured) <= 1e-7 * (1 + Math.abs(measured)), `${derivative.name}: rule ${ruled}, measured ${measured}`)
  }
})
