import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gradients } from '../autodiff.js'
import { Graph } from '../graph.js'
import type { DenseValue } from '../op.js'
import { reduceSum } from '../ops/reduce-sum.js'
import { evaluate } from '../reference.js'
import { bce } from './bce.js'

const graph = new Graph()
const z = graph.input('z', ['B'])
const y = graph.input('y', ['B'])
const loss = bce(z, y)
const [dz] = gradients(reduceSum(loss, 0), [z])

function lossAndDerivative(logit: number, label: number): [loss: number, derivative: number] {
  const scalar = (value: number) => ({ shape: [1], data: Float64Array.of(value) })
  const values = new Map([
    ['z', scalar(logit)],
    ['y', scalar(label)],
  ])
  const [l, d] = evaluate([loss, dz!], { values, batch: 1 }) as [DenseValue, DenseValue]
  return [l.data[0]!, d.data[0]!]
}

test('bce is the negative log likelihood and its derivative σ(z) − y', () => {
  for (const logit of [-5, -0.3, 0, 2, 7])
    for (const label of [0, 1]) {
      const p = 1 / (1 + Math.exp(-logit))
      const [l, d] = lossAndDerivative(logit, label)
      assert.ok(Math.abs(l + Math.log(label === 1 ? p : 1 - p)) < 1e-12)
      assert.ok(Math.abs(d - (p - label)) < 1e-15)
    }
})

test('bce stays finite where the logarithm of a rounded probability would not', () => {
  assert.deepEqual(lossAndDerivative(1000, 0), [1000, 1])
  assert.deepEqual(lossAndDerivative(-1000, 1), [1000, -1])
  assert.deepEqual(lossAndDerivative(1000, 1), [0, 0])
})
