/** For tests of products: single ones as programs with what a float64 reference makes of them, and training programs of the built-in models. */
import assert from 'node:assert/strict'
import { compile } from '../../model/compile.js'
import { nameOf, type Tensor } from '../../model/graph.js'
import { bceAlone } from '../../model/losses/bce.js'
import { buildTrainingGraph, type InputSizes, type ModelChoice } from '../../model/model.js'
import type { Buffer, Instruction, Program } from '../../model/program.js'
import type { ProgramResult, ProgramValues, RunOptions } from './binding.js'

type Precision = NonNullable<RunOptions['precision']>
type Matmul = Extract<Instruction, { op: 'matmul' }>

export const BATCH = -1
export const shapes: [string, Partial<Matmul>][] = [
  ['a layer', { m: BATCH, n: 24, k: 40 }],
  ['a layer of odd sizes', { m: BATCH, n: 7, k: 13 }],
  ['its gradient', { m: BATCH, n: 13, k: 7, transposeB: true }],
  ['the gradient of its weights', { m: 13, n: 7, k: BATCH, transposeA: true }],
  ['rows of several fields', { m: 3 * BATCH, n: 8, k: 4 }],
  ['a side that is transposed twice', { m: 5, n: 6, k: 9, transposeA: true, transposeB: true }],
  ['a column of results', { m: BATCH, n: 1, k: 48 }],
  ['a column of results of long rows', { m: 3, n: 1, k: 5003 }],
  ['a gradient of a column', { m: 13, n: 1, k: 40 * BATCH, transposeA: true }],
  ['a row of results', { m: 1, n: 9, k: 40 * BATCH }],
  ['a row of results, b transposed', { m: 1, n: 9, k: 20, transposeB: true }],
  ['two vectors', { m: BATCH, n: 6, k: 1 }],
]

export const models: [string, ModelChoice, InputSizes][] = [
  ['deepfm', { kind: 'deepfm', embedding: 8, hidden: [24, 16, 20], dropout: 0 }, { fields: 6, numbers: 0, rows: 40 }],
  ['deepfm with numbers', { kind: 'deepfm', embedding: 8, hidden: [24, 16, 20], dropout: 0 }, { fields: 6, numbers: 5, rows: 40 }],
  ['deepfm with dropout', { kind: 'deepfm', embedding: 8, hidden: [24, 16], dropout: 0.3 }, { fields: 6, numbers: 5, rows: 40 }],
  ['wide-and-deep', { kind: 'wide-and-deep', embedding: 8, hidden: [24, 16], dropout: 0 }, { fields: 6, numbers: 5, rows: 40 }],
  ['ipnn', { kind: 'ipnn', embedding: 4, hidden: [24, 16], dropout: 0 }, { fields: 6, numbers: 5, rows: 40 }],
  ['dcn-v2', { kind: 'dcn-v2', embedding: 4, crosses: 2, hidden: [24, 16], dropout: 0 }, { fields: 9, numbers: 0, rows: 40 }],
]
/** One product as a program: what grows with the batch is an input, the rest parameters. */
export function single(sizes: Partial<Matmul>, batch: number, precision: Precision) {
  const op = { transposeA: false, transposeB: false, bias: -1, activation: 'none', ...sizes } as Matmul
  const at = (size: number) => (size < 0 ? -size * batch : size)
  const [m, n, k] = [at(op.m), at(op.n), at(op.k)]
  const leaf = (name: string, one: number, other: number) => ({
    name,
    batch: one < 0 || other < 0,
    inner: Math.abs(one * other),
    size: at(one) * at(other),
  })
  const leaves = [leaf('a', op.m, op.k), leaf('b', op.k, op.n), leaf('bias', op.n, 1)]
  const inputs = leaves.filter((each) => each.batch)
  const parameters = leaves.filter((each) => !each.batch)
  const program: Program = {
    name: 'single',
    maxBatch: 64,
    buffers: [
      ...leaves.map((each) => (each.batch ? input(inputs.indexOf(each), each.inner) : parameter(parameters.indexOf(each), each.inner))),
      output(op.m < 0, Math.abs(op.m * op.n)),
    ],
    code: [{ ...op, op: 'matmul', a: 0, b: 1, out: 3 }],
    cut: 1,
    arenaBytes: 0,
    inputs: inputs.map((each) => each.name),
    parameters: parameters.map((each) => each.name),
    tables: [],
    outputs: ['out'],
  }
  const drawn = new Map(leaves.map((each, i) => [each.name, numbers(each.size, i)]))
  const named = (list: typeof leaves) => Object.fromEntries(list.map((each) => [each.name, drawn.get(each.name)!]))
  const values: ProgramValues = { inputs: named(inputs), parameters: named(parameters), tables: {}, seed: 1, step: 0, lane: 0 }
  // Products with a vector stay float32; bf16 is decided before the batch is known.
  const matrices = (sizes: number[]) => sizes.every((size) => Math.abs(size) > 1 || size === BATCH)
  const narrow = precision === 'tf32' ? [m, n, k].every((size) => size > 1) : precision === 'bf16' && matrices([op.m, op.n, op.k])
  const round = !narrow ? (x: number) => x : precision === 'tf32' ? tf32 : bf16
  const sums = product({ ...op, m, n, k }, drawn.get('a')!.map(round), drawn.get('b')!.map(round))
  const bias = drawn.get('bias')!
  const wanted = sums.map((sum, i) => (op.bias < 0 ? sum : sum + bias[i % n]!)).map((sum) => (op.activation === 'relu' ? Math.max(0, sum) : sum))
  return { program, values, wanted }
}

export const input = (index: number, inner: number): Buffer => ({ place: 'input', dtype: 'f32', batch: true, inner, index })
export const parameter = (index: number, inner: number): Buffer => ({ place: 'parameter', dtype: 'f32', batch: false, inner, index })
export const output = (batch: boolean, inner: number): Buffer => ({ place: 'output', dtype: 'f32', batch, inner, index: 0 })

type Values = Float32Array | Float64Array

export function product({ m, n, k, transposeA, transposeB }: Pick<Matmul, 'm' | 'n' | 'k' | 'transposeA' | 'transposeB'>, a: Values, b: Values) {
  return Float64Array.from({ length: m * n }, (_, at) => {
    const [row, column] = [Math.floor(at / n), at % n]
    let sum = 0
    for (let i = 0; i < k; i++) sum += a[transposeA ? i * m + row : row * k + i]! * b[transposeB ? column * k + i : i * n + column]!
    return sum
  })
}

/** To `bits` of mantissa, to nearest, ties to even. */
function rounded(x: number, bits: number): number {
  const word = new Uint32Array(Float32Array.of(x).buffer)
  const drop = 23 - bits
  word[0] = ((word[0]! + (1 << (drop - 1)) - 1 + ((word[0]! >>> drop) & 1)) >>> drop) << drop
  return new Float32Array(word.buffer)[0]!
}
export const tf32 = (x: number) => rounded(x, 10)
export const bf16 = (x: number) => rounded(x, 7)

export const numbers = (count: number, seed: number) =>
  Float32Array.from({ length: count }, (_, i) => Math.sin(12.9898 * (i + 1) + 78.233 * (seed + 1)))

/** Within a tolerance that by default is for float32 sums of up to some thousand terms below 1. */
export function near({ outputs, overruns }: ProgramResult, wanted: Float64Array, what: string, tolerance = 2e-5): void {
  const got = outputs.out!
  assert.deepEqual(overruns, [], what)
  assert.equal(got.length, wanted.length)
  for (const [i, each] of wanted.entries())
    assert.ok(Math.abs(got[i]! - each) <= tolerance * (1 + Math.abs(each)), `${what}: [${i}] wanted ${each}, got ${got[i]}`)
}

export function training(choice: ModelChoice, sizes: InputSizes) {
  const { graph, loss, logits, parameters, tables, gradients: made } = buildTrainingGraph(choice, sizes, bceAlone)
  const gradients = new Map([...parameters, ...tables].map((leaf, i) => [nameOf(leaf), made[i] as Tensor]))
  const program = compile({ name: 'train', graph, maxBatch: 32, outputs: { loss, logits }, gradients })
  const valuesOf = (batch: number): ProgramValues => {
    const drawn = (tensor: Tensor, seed: number) => {
      const sizes = tensor.shape.map((dim) => (dim === 'B' ? batch : dim))
      return numbers(
        sizes.reduce((all, size) => all * size, 1),
        seed,
      )
    }
    const named = (leaves: readonly Tensor[], of: (tensor: Tensor, seed: number) => Float32Array | BigInt64Array) =>
      Object.fromEntries(leaves.map((leaf, i) => [nameOf(leaf), of(leaf, i)]))
    const inputOf = (leaf: Tensor, seed: number) => {
      const values = drawn(leaf, seed)
      if (leaf.dtype === 'i64') return BigInt64Array.from(values, (x) => BigInt(Math.floor(Math.abs(x) * sizes.rows) % sizes.rows))
      return nameOf(leaf) === 'labels' ? values.map((x) => Number(x > 0.3)) : values
    }
    const tableOf = (leaf: Tensor, seed: number) => ({
      rows: sizes.rows,
      width: leaf.shape[1] as number,
      values: drawn(leaf, seed).map((x) => x / 2),
    })
    return {
      inputs: named(graph.inputs, inputOf),
      parameters: named(parameters, (leaf, seed) => drawn(leaf, seed).map((x) => x / 2)) as Record<string, Float32Array>,
      tables: Object.fromEntries(tables.map((leaf, i) => [nameOf(leaf), tableOf(leaf, 50 + i)])),
      seed: 1,
      step: 0,
      lane: 0,
    }
  }
  return { program, valuesOf }
}

/** The distance of every result from that of the CPU, relative to its length. */
export function alike(got: ProgramResult, cpu: ProgramResult, tolerance: number, what: string): void {
  assert.deepEqual(got.overruns, [], what)
  const close = (name: string, mine: Float32Array, others: Float32Array) => {
    assert.equal(mine.length, others.length, `${what}: ${name}`)
    const length = (values: Float32Array) => Math.sqrt(values.reduce((sum, x) => sum + x * x, 0))
    const distance = length(mine.map((x, i) => x - others[i]!))
    assert.ok(distance <= tolerance * (length(others) + 1e-6), `${what}: ${name} differs by ${distance} of ${length(others)}`)
  }
  for (const [name, values] of Object.entries(cpu.outputs)) close(name, got.outputs[name]!, values)
  for (const [name, values] of Object.entries(cpu.gradients)) close(`gradient of ${name}`, got.gradients[name]!, values)
  for (const [name, { rows, values }] of Object.entries(cpu.tableGradients)) {
    assert.deepEqual(got.tableGradients[name]!.rows, rows, `${what}: rows of ${name}`)
    close(`gradient of ${name}`, got.tableGradients[name]!.values, values)
  }
}
