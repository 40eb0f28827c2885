/**
 * V = P ∘ (validation gradient / its count), as the second phase of a step sees it: P against central differences in float64 of the
 * optimizer's own step, at the state that the engine had before it.
 */
import assert from 'node:assert/strict'
import type { ControllerPlan, OptimizerSpec } from '../../model/plan.js'
import { type EchoSizes, echoPlan } from './echo-plan.test.support.js'
import { testOnDevices } from './test-on-devices.test.support.js'
import { type MemoryBatch, searchAll, stateOf, stepAll, withWorld } from './training-world.test.support.js'

type Lookahead = ControllerPlan['lookahead']
const sizes: EchoSizes = { fields: 3, width: 5, rows: 40, laneBatch: 8 }
const numbers = sizes.fields * sizes.width
const adam = { kind: 'adam', rate: 0.01, beta1: 0.9, beta2: 0.99, epsilon: 1e-3, weightDecay: 0.02 } as const
const adagrad = { kind: 'adagrad', rate: 0.05, epsilon: 1e-3, initial: 0, weightDecay: 0.02 } as const
const sgd = { kind: 'sgd', rate: 0.1, weightDecay: 0.02 } as const

let drawn = 7
const random = () => {
  drawn = (Math.imul(drawn, 1664525) + 1013904223) >>> 0
  return drawn / 2 ** 32
}
/** Ids of `rows` from `first` on, each of which may come several times. */
const batchOf = (count: number, first: number, rows: number): MemoryBatch => ({
  labels: new Float32Array(count),
  ids: BigInt64Array.from({ length: count * sizes.fields }, () => BigInt(first + Math.floor(random() * rows))),
  numbers: Float32Array.from({ length: count * numbers }, () => (random() - 0.5) * 10 ** (2 * random() - 1)),
})
const WARM = 3
const lanes = [5, 1, 8].map((count) => Array.from({ length: WARM + 1 }, () => batchOf(count, 0, 20)))
// Of its rows 10..39 training has the first ten.
const validation = [6, 0, 4].map((count) => [batchOf(count, 10, 30)])

for (const optimizer of [sgd, adagrad, adam] satisfies OptimizerSpec[])
  for (const lookahead of ['exact', 'preconditioned', 'sgd'] satisfies Lookahead[])
    for (const warm of [0, WARM])
      testOnDevices(`V of ${optimizer.kind}, ${lookahead}, after ${warm} steps`, { timeout: 60_000 }, async (device) => {
        const plan = echoPlan(optimizer, { ...sizes, lookahead })
        const batches = [...lanes.map((batches) => batches.slice(WARM - warm)), []]
        await withWorld({ plan, batches, validation, laneBatch: sizes.laneBatch, threads: 2, device }, async (ranks) => {
          for (let step = 1; step <= warm; step++) await stepAll(ranks, step)
          const before = await stateOf(ranks[0]!.trainer)
          const { evidence } = await searchAll(ranks, warm + 1)
          const last = lanes.map((batches) => batches.at(-1)!)
          const g = { w: denseSum(last), rows: rowSums(last) }
          const h = { w: denseSum(validation.flat()), rows: rowSums(validation.flat()) }
          const [n, held] = [14, 10]
          const v = (name: 'w' | 'rows', at: number, gradient: number, validated: number) => {
            const [m, v] = ['.m', '.v'].map((plane) => before.get(name + plane)?.[at] ?? 0) as [number, number]
            const mean = gradient / n + optimizer.weightDecay * before.get(name)![at]!
            return (validated / held) * derivative(optimizer, lookahead, name === 'rows', warm + 1, mean, m, v)
          }
          const dense = g.w.map((gradient, i) => v('w', i, gradient, h.w[i]!))
          for (const [lane, { ids }] of last.entries()) {
            const wanted = new Float64Array(2 * numbers)
            wanted.set(dense)
            for (const [i, id] of ids.entries())
              for (let c = 0; c < sizes.width; c++) {
                const tangent = v('rows', Number(id) * sizes.width + c, g.rows.get(Number(id))![c]!, h.rows.get(Number(id))?.[c] ?? 0)
                wanted[numbers + (i % sizes.fields) * sizes.width + c]! += tangent
              }
            near(evidence[lane]!.evidence, wanted)
          }
          assert.deepEqual([evidence[3]!.examples, evidence[3]!.evidence.length], [0, 0])
        })
      })

/** P: of the exact step by central differences, else by its formula. */
function derivative(optimizer: OptimizerSpec, lookahead: Lookahead, table: boolean, t: number, g: number, m: number, v: number): number {
  if (optimizer.kind === 'sgd' || lookahead === 'sgd') return 1
  if (lookahead === 'exact') {
    const h = 1e-5 * (Math.abs(g) + 1e-4)
    return (stepOf(optimizer, table, t, g + h, m, v) - stepOf(optimizer, table, t, g - h, m, v)) / (2 * h)
  }
  if (optimizer.kind === 'adagrad') return 1 / (Math.sqrt(v + g * g) + optimizer.epsilon)
  const b2 = 1 - optimizer.beta2 ** t
  const root = Math.sqrt((optimizer.beta2 * v + (1 - optimizer.beta2) * g * g) / b2)
  return 1 / (root + optimizer.epsilon / (table ? Math.sqrt(b2) : 1))
}

/** (w before − w after) / rate, by the formulas of state/optimizer.h. */
function stepOf(optimizer: OptimizerSpec, table: boolean, t: number, g: number, m: number, v: number): number {
  if (optimizer.kind === 'sgd') return g
  if (optimizer.kind === 'adagrad') return g / (Math.sqrt(v + g * g) + optimizer.epsilon)
  const { beta1, beta2, epsilon } = optimizer
  const [m1, v1, b1, b2] = [beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g * g, 1 - beta1 ** t, 1 - beta2 ** t]
  return table ? ((Math.sqrt(b2) / b1) * m1) / (Math.sqrt(v1) + epsilon) : m1 / b1 / (Math.sqrt(v1 / b2) + epsilon)
}

function denseSum(batches: MemoryBatch[]): Float64Array {
  const sum = new Float64Array(numbers)
  for (const batch of batches) for (const [i, value] of batch.numbers.entries()) sum[i % numbers]! += value
  return sum
}

function rowSums(batches: MemoryBatch[]): Map<number, Float64Array> {
  const sums = new Map<number, Float64Array>()
  for (const batch of batches)
    for (const [i, id] of batch.ids.entries()) {
      const sum = sums.get(Number(id)) ?? new Float64Array(sizes.width)
      sums.set(Number(id), sum)
      for (let c = 0; c < sizes.width; c++) sum[c]! += batch.numbers[i * sizes.width + c]!
    }
  return sums
}

/** Of float32 sums of about ten numbers of like size; 1e-4 is far below what another formula would give. */
function near(got: Float32Array, wanted: Float64Array): void {
  assert.equal(got.length, wanted.length)
  const size = Math.max(...wanted.map(Math.abs))
  assert.ok(size > 0)
  wanted.forEach((value, i) => {
    assert.ok(Math.abs(got[i]! - value) <= 1e-4 * Math.abs(value) + 1e-6 * size, `[${i}]: wanted ${value}, got ${got[i]}`)
  })
}
