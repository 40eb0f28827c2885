/**
 * What a step does with gradients and state on a device: the lane trees, first weights, V and the optimizers' steps give the bits of the CPU's, whose
 * own tests hold them against references. On GPU 0 where there is one, else on an emulated device.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { OptimizerSpec, TableSpec } from '../../model/plan.js'
import { loadNative, type RowValues, type StepScalars } from './binding.js'

const native = loadNative()
const { built } = native.describeCuda()
const skip = built ? false : 'the engine was built without CUDA'
const { stepParts } = native

let drawn = 11
const random = () => {
  drawn = (Math.imul(drawn, 1664525) + 1013904223) >>> 0
  return drawn / 2 ** 32
}
/** Of many sizes, so that another order of additions gives other bits; some are -0, which survives a copy and no addition of 0. */
const floats = (count: number) => Float32Array.from({ length: count }, () => (random() < 0.05 ? -0 : (random() - 0.5) * 10 ** (6 * random() - 3)))
const rowsOf = (rows: number, share: number) => Array.from({ length: rows }, (_, row) => row).filter(() => random() < share)
const valuesOf = (rows: number[], width: number): RowValues => ({ width, rows, values: floats(rows.length * width) })
const bits = (values: Float32Array) => new Uint32Array(values.buffer, values.byteOffset, values.length)

const worlds = [
  { title: 'one lane', lanes: 1, present: [0] },
  { title: 'eight lanes', lanes: 8, present: [0, 1, 2, 3, 4, 5, 6, 7] },
  { title: 'lanes without examples', lanes: 16, present: [1, 2, 6, 9, 10, 11, 15] },
  { title: 'subtrees of ranks', lanes: 16, present: [0, 8, 12, 14] },
  {
    title: 'more leaves than one launch takes',
    lanes: 4096,
    present: Array.from({ length: 4096 }, (_, lane) => lane).filter((lane) => lane % 11 !== 3),
  },
]

for (const { title, lanes, present } of worlds) {
  for (const n of [1, 64])
    test(`dense vectors are added by the lane tree: ${title}, ${n} floats`, { skip }, () => {
      const leaves = present.map((lane) => ({ lane, values: floats(n) }))
      const [cpu, cuda] = (['cpu', 'cuda'] as const).map((device) => stepParts.addDense({ device, lanes, leaves })) as [Float32Array, Float32Array]
      assert.deepEqual(bits(cuda), bits(cpu))
    })

  for (const [width, rows] of [
    [1, 90],
    [16, 40],
    [7, 40],
  ] as const)
    test(`rows are added by the lane tree: ${title}, width ${width}`, { skip }, () => {
      const leaves = present.map((lane) => {
        const some = rowsOf(rows, lane % 5 === 0 ? 0 : 0.4)
        return { lane, first: valuesOf(some, width), second: valuesOf(some, 3) }
      })
      const [cpu, cuda] = (['cpu', 'cuda'] as const).map((device) => stepParts.addRows({ device, lanes, rows, leaves })) as [Sums, Sums]
      for (const table of ['first', 'second'] as const) {
        assert.deepEqual(cuda[table].rows, cpu[table].rows)
        assert.deepEqual(bits(cuda[table].values), bits(cpu[table].values))
      }
    })
}
type Sums = ReturnType<typeof stepParts.addRows>

const optimizers = [
  { kind: 'sgd', rate: 0.1, weightDecay: 0.02 },
  { kind: 'adagrad', rate: 0.05, epsilon: 1e-8, initial: 0.125, weightDecay: 0.02 },
  { kind: 'adam', rate: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.02 },
] as const satisfies OptimizerSpec[]
const tables: TableSpec[] = [
  { name: 'first-order', rows: 700, width: 1, init: { kind: 'constant', value: 0.25 } },
  { name: 'embedding', rows: 700, width: 16, init: { kind: 'normal', deviation: 0.01 } },
  { name: 'odd', rows: 700, width: 7, init: { kind: 'uniform', bound: 0.3 } },
]
for (const optimizer of optimizers)
  for (const lookahead of ['exact', 'preconditioned', 'sgd'] as const) {
    const scalars = { optimizer, lookahead, step: 3, examples: 400, validationExamples: 90 }
    const onBoth = (run: (scalars: StepScalars) => Float32Array[]) => {
      const [cpu, cuda] = (['cpu', 'cuda'] as const).map((device) => run({ ...scalars, device })) as [Float32Array[], Float32Array[]]
      for (const [i, plane] of cpu.entries()) assert.deepEqual(bits(cuda[i]!), bits(plane), `plane ${i}`)
      return cpu
    }
    for (const n of [48, 7])
      test(`a step of ${optimizer.kind} on ${n} dense weights, V ${lookahead}`, { skip }, () => {
        const state = Array.from({ length: { sgd: 1, adagrad: 2, adam: 3 }[optimizer.kind] }, () => floats(n))
        const v = state.at(-1)!
        if (optimizer.kind !== 'sgd') v.set(v.map(Math.abs))
        const planes = onBoth((scalars) => stepParts.stepDense({ ...scalars, state, gradient: sines(n), validation: sines(n) }))
        assert.notDeepEqual(planes[0], state[0])
      })
    for (const table of tables)
      test(`a step of ${optimizer.kind} on rows of ${table.name}, V ${lookahead}`, { skip }, () => {
        const gradient = valuesOf(rowsOf(table.rows, 0.4), table.width)
        const validation = valuesOf(rowsOf(table.rows, 0.4), table.width)
        const planes = onBoth((scalars) => stepParts.stepTable({ ...scalars, table, seed: 5, gradient, validation }))
        const untouched = Array.from({ length: table.rows }, (_, row) => row).find((row) => !gradient.rows.includes(row))!
        assert.ok(
          planes
            .at(-1)!
            .subarray(untouched * table.width, (untouched + 1) * table.width)
            .every((x) => x === 0),
        )
      })
  }

/** The same numbers however often it is asked. */
function sines(count: number): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => Math.sin(i * 12.9898) * 10 ** ((i % 7) - 3))
}
