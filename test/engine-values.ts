/** The values of a graph's leaves as the engine takes them, and what the engine answers as the reference gives it. */
import assert from 'node:assert/strict'
import type { Tensor } from '../model/graph.js'
import type { DenseValue, Randomness, RowsValue, Value } from '../model/op.js'
import type { Program } from '../model/program.js'
import { evaluate } from '../model/reference.js'
import type { Native, ProgramResult, ProgramValues, RunOptions } from '../native/ts/binding.js'

export interface Comparison {
  readonly native: Native
  readonly program: Program
  readonly batch: number
  readonly values: ReadonlyMap<string, DenseValue>
  readonly outputs: Readonly<Record<string, Tensor>>
  readonly gradients?: ReadonlyMap<string, Tensor>
  readonly randomness?: Randomness
  /** Where it runs; absent: on the CPU. */
  readonly options?: RunOptions
  /** Of 1 + |wanted|. */
  readonly tolerance: number
}

/** Runs the program in the engine and holds outputs, gradients, rows and guard zones against the float64 reference. */
export function compareWithReference({ native, program, batch, values, outputs, tolerance, options, ...rest }: Comparison): void {
  const { gradients = new Map<string, Tensor>(), randomness = { seed: 7n, step: 3, lane: 2 } } = rest
  const got = native.runProgram(program, batch, engineValues(program, values, randomness), options)
  const wanted = evaluate([...Object.values(outputs), ...gradients.values()], { values, batch, randomness })
  const names = [...Object.keys(outputs), ...gradients.keys()]
  assert.deepEqual(got.overruns, [], `${program.name}: writes out of bounds`)
  for (const [i, name] of names.entries()) {
    const value = wanted[i] as Value
    const what = `${program.name}${options?.device ? ` (${options.device})` : ''}, batch ${batch}: ${name}`
    if ('rows' in value) compareRows(what, got.tableGradients[name], value, tolerance)
    else compareNumbers(what, name in outputs ? got.outputs[name] : got.gradients[name], value.data, tolerance)
  }
}

/** Equal as float32, NaN and infinities included, or near enough. */
export function compareNumbers(what: string, got: ArrayLike<number> | undefined, wanted: ArrayLike<number>, tolerance: number): void {
  assert.equal(got?.length, wanted.length, `${what}: number of elements`)
  for (let i = 0; i < wanted.length; i++) {
    const number = wanted[i] as number
    const other = got?.[i] as number
    const near = Math.abs(other - number) <= tolerance * (1 + Math.abs(number))
    assert.ok(near || Object.is(other, Math.fround(number)) || other === Math.fround(number), `${what}[${i}]: wanted ${number}, got ${other}`)
  }
}

function compareRows(what: string, got: ProgramResult['tableGradients'][string] | undefined, { rows, shape }: RowsValue, tolerance: number): void {
  const wanted = [...rows.keys()].sort((a, b) => a - b)
  assert.deepEqual(got?.rows, wanted, `${what}: rows`)
  const width = shape[1]
  const values = wanted.flatMap((row) => [...(rows.get(row) as Float64Array)])
  compareNumbers(what, got?.values, values, tolerance)
  assert.equal(values.length, wanted.length * width)
}

/** Tangents are those of `tangent of <name>`. */
export function engineValues(program: Program, values: ReadonlyMap<string, DenseValue>, { seed, step, lane }: Randomness): ProgramValues {
  const idInputs = new Set(program.buffers.filter(({ place, dtype }) => place === 'input' && dtype === 'i64').map(({ index }) => index))
  const numbers = (name: string) => Float32Array.from((values.get(name) as DenseValue).data)
  const ids = (name: string) => BigInt64Array.from((values.get(name) as DenseValue).data, BigInt)
  const tangentOf = (name: string) => (values.has(`tangent of ${name}`) ? numbers(`tangent of ${name}`) : undefined)
  const tangents = program.parameters.map((name) => [name, tangentOf(name)] as const)
  const table = (name: string) => {
    const [rows, width] = (values.get(name) as DenseValue).shape as [number, number]
    const tangent = tangentOf(name)
    return { rows, width, values: numbers(name), ...(tangent && { tangent }) }
  }
  return {
    inputs: Object.fromEntries(program.inputs.map((name, i) => [name, idInputs.has(i) ? ids(name) : numbers(name)])),
    parameters: Object.fromEntries(program.parameters.map((name) => [name, numbers(name)])),
    tangents: Object.fromEntries(tangents.flatMap(([name, tangent]) => (tangent ? [[name, tangent]] : []))),
    tables: Object.fromEntries(program.tables.map((name) => [name, table(name)])),
    seed: Number(seed),
    step,
    lane,
  }
}
