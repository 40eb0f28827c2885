/**
 * The gradient of whole models on the device against their own losses: along the gradient g the loss must rise by |g|² for each unit, so
 * (L(θ + εg) − L(θ − εg)) / 2ε is |g|². Says nothing that a kernel of the CPU could have got wrong alike.
 */

import { compile } from '../../model/compile.js'
import { nameOf, type Tensor } from '../../model/graph.js'
import { bceAlone } from '../../model/losses/bce.js'
import { buildTrainingGraph, type InputSizes, type ModelChoice } from '../../model/model.js'
import { philox, philoxKey, philoxUniform } from '../../model/philox.js'
import type { Native, ProgramValues } from '../../native/ts/binding.js'
import { loadNative } from '../../native/ts/load.js'
import { dlrm } from '../bench/dlrm.js'
import { failed, type Outcome, type Part, passed } from './part.js'

/** Differences of second order and kinks of relu at this step are some 1e-3, rounding of a loss in float32 less. */
const tolerance = 1e-2
const batch = 256
const sizes: InputSizes = { fields: 6, numbers: 5, rows: 200 }
const hidden = [24, 16]
const models: Record<string, ModelChoice> = {
  fm: { kind: 'fm', embedding: 8 },
  deepfm: { kind: 'deepfm', embedding: 8, hidden, dropout: 0 },
  ipnn: { kind: 'ipnn', embedding: 8, hidden, dropout: 0 },
  'dcn-v2': { kind: 'dcn-v2', embedding: 8, crosses: 2, hidden, dropout: 0 },
  dlrm: { kind: 'file', definition: dlrm, options: { embedding: 8, hidden } },
}

export const gradientPart: Part = {
  name: 'gradients: differences of the loss',
  seconds: 60,
  run: () => {
    const native = loadNative()
    const errors = Object.fromEntries(Object.entries(models).map(([name, choice]) => [name, errorOf(native, name, choice)]))
    const worst = Math.max(...Object.values(errors))
    const text = `${Object.keys(models).length} models, |g|² differs by ${worst.toExponential(1)} at most (${tolerance} allowed)`
    return (worst <= tolerance ? passed(text, errors) : failed(text, '', errors)) satisfies Outcome
  },
}

function errorOf(native: Native, name: string, choice: ModelChoice): number {
  const { graph, loss, parameters, tables, gradients: made } = buildTrainingGraph(choice, sizes, bceAlone)
  const gradients = new Map([...parameters, ...tables].map((leaf, i) => [nameOf(leaf), made[i] as Tensor]))
  const program = compile({ name, graph, maxBatch: batch, outputs: { loss }, gradients })
  const run = (values: ProgramValues) => native.runProgram(program, batch, values, { device: 'cuda' })
  const lossOf = (values: ProgramValues) => run(values).outputs.loss!.reduce((sum, each) => sum + each, 0)
  const values = valuesOf([...graph.inputs], parameters, tables)
  const { gradients: dense, tableGradients } = run(values)

  const direction = new Map<string, Float32Array>(Object.entries(dense))
  for (const [table, { rows, values: of }] of Object.entries(tableGradients)) {
    const { width, values: all } = values.tables[table]!
    const whole = new Float32Array(all.length)
    rows.forEach((row, i) => {
      whole.set(of.subarray(i * width, (i + 1) * width), row * width)
    })
    direction.set(table, whole)
  }
  const square = [...direction.values()].reduce((sum, part) => sum + part.reduce((inner, each) => inner + each * each, 0), 0)
  const step = 1e-2 / Math.sqrt(square)
  const measured = (lossOf(moved(values, direction, step)) - lossOf(moved(values, direction, -step))) / (2 * step)
  return Math.abs(measured - square) / square
}

function moved(values: ProgramValues, direction: Map<string, Float32Array>, step: number): ProgramValues {
  const along = (name: string, of: Float32Array) => of.map((each, i) => each + step * (direction.get(name)?.[i] ?? 0))
  const parameters = Object.fromEntries(Object.entries(values.parameters).map(([name, of]) => [name, along(name, of)]))
  const tables = Object.fromEntries(Object.entries(values.tables).map(([name, table]) => [name, { ...table, values: along(name, table.values) }]))
  return { ...values, parameters, tables }
}

function valuesOf(inputs: readonly Tensor[], parameters: readonly Tensor[], tables: readonly Tensor[]): ProgramValues {
  const key = philoxKey(11n, 'gpu-check')
  const uniform = (stream: number, count: number) => Float32Array.from({ length: count }, (_, i) => philoxUniform(philox([i, stream, 0, 0], key)[0]!))
  const around = (stream: number, shape: readonly (number | 'B')[]) =>
    uniform(
      stream,
      shape.reduce<number>((size, each) => size * (each === 'B' ? batch : each), 1),
    ).map((each) => 0.6 * (each - 0.5))
  const input = (leaf: Tensor, stream: number) => {
    if (leaf.dtype === 'i64')
      return BigInt64Array.from(uniform(stream, batch * sizes.fields), (each) => BigInt(Math.floor(each * sizes.rows))) as never
    return leaf.shape.length === 1 ? uniform(stream, batch).map((each) => (each < 0.3 ? 1 : 0)) : around(stream, leaf.shape)
  }
  return {
    inputs: Object.fromEntries(inputs.map((leaf, i) => [nameOf(leaf), input(leaf, i)])),
    parameters: Object.fromEntries(parameters.map((leaf, i) => [nameOf(leaf), around(100 + i, leaf.shape)])),
    tables: Object.fromEntries(
      tables.map((leaf, i) => {
        const [rows, width] = leaf.shape as [number, number]
        return [nameOf(leaf), { rows, width, values: around(200 + i, leaf.shape) }]
      }),
    ),
    seed: 7,
    step: 1,
    lane: 0,
  }
}
