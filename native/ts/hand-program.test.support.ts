/**
 * Programs made by hand, so that a mistake of the compiler cannot hide one of a kernel: their buffers, their runs on each device of the tests, and
 * numbers to run them on.
 */
import assert from 'node:assert/strict'
import nodeTest from 'node:test'
import type { Buffer, Function1, Instruction, Program } from '../../model/program.js'
import { loadNative, type ProgramResult, type ProgramValues, type RunOptions } from './binding.js'
import { testDevices } from './devices.test.support.js'

const native = loadNative()

/** Of the test that runs. */
let device: NonNullable<RunOptions['device']> = 'cpu'

/** On the CPU and, where the engine has them, on a GPU's kernels; `body` is told on which. */
export function test(what: string, body: (device: NonNullable<RunOptions['device']>) => void): void {
  for (const one of testDevices)
    nodeTest(`${what} (${one})`, () => {
      device = one
      body(one)
    })
}

export const maxBatch = 700
/** The batch as a size. */
export const B = -1

/** Collects buffers; arena buffers lie one behind the other. */
export class Hand {
  readonly buffers: Buffer[] = []
  readonly code: Instruction[] = []
  readonly inputs: string[] = []
  readonly parameters: string[] = []
  readonly tables: string[] = []
  readonly outputs: string[] = []
  arenaBytes = 0

  input(name: string, inner: number, options: { batch?: boolean; dtype?: 'f32' | 'i64' } = {}): number {
    this.inputs.push(name)
    const { batch = true, dtype = 'f32' } = options
    return this.add({ place: 'input', dtype, batch, inner, index: this.inputs.length - 1 })
  }
  parameter(name: string, inner: number): number {
    this.parameters.push(name)
    return this.add({ place: 'parameter', dtype: 'f32', batch: false, inner, index: this.parameters.length - 1 })
  }
  gradient(name: string, inner: number): number {
    return this.add({ place: 'gradient', dtype: 'f32', batch: false, inner, index: this.parameters.indexOf(name) })
  }
  output(name: string, inner: number, batch = true): number {
    this.outputs.push(name)
    return this.add({ place: 'output', dtype: 'f32', batch, inner, index: this.outputs.length - 1 })
  }
  constant(values: number[]): number {
    return this.add({ place: 'constant', dtype: 'f32', batch: false, inner: values.length, values })
  }
  arena(inner: number, batch = true): number {
    const offset = this.arenaBytes
    this.arenaBytes += Math.ceil((inner * (batch ? maxBatch : 1) * 4) / 64) * 64
    return this.add({ place: 'arena', dtype: 'f32', batch, inner, offset })
  }
  table(name: string): number {
    this.tables.push(name)
    return this.tables.length - 1
  }
  get program(): Program {
    return { ...this, name: 'by hand', maxBatch, cut: this.code.length }
  }
  run(batch: number, values: Partial<ProgramValues>, options: RunOptions = {}): ProgramResult {
    const result = native.runProgram(
      this.program,
      batch,
      { inputs: {}, parameters: {}, tables: {}, seed: 7, step: 3, lane: 2, ...values },
      { device, ...options },
    )
    assert.deepEqual(result.overruns, [])
    return result
  }
  private add(buffer: Buffer): number {
    this.buffers.push(buffer)
    return this.buffers.length - 1
  }
}

/** Numbers in (-1, 1) that look random and are the same every time. */
export function numbers(count: number, seed = 1): Float32Array {
  let state = seed * 2654435761
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0
    return state / 2 ** 31
  })
}

export function assertClose(got: Float32Array | undefined, want: ArrayLike<number>, tolerance: number, what: string): void {
  assert.ok(got, `${what}: missing`)
  assert.equal(got.length, want.length, what)
  for (let i = 0; i < want.length; i++) {
    const error = Math.abs(got[i]! - want[i]!)
    assert.ok(error <= tolerance || Object.is(got[i], want[i]), `${what}[${i}]: wanted ${want[i]}, got ${got[i]}`)
  }
}

export const pick = (size: number, batch: number) => (size < 0 ? -size * batch : size)

/** One function of one buffer's numbers, `size` of them an example. */
export function unary(f: Function1, from: number, to: number, size: number): Instruction {
  return {
    ...{ op: 'elementwise', dims: [-size], inputs: [from], strides: [[1]], steps: [{ f, to: 1, a: 0, b: 0, value: 0 }] },
    ...{ registers: 2, outputs: [{ buffer: to, register: 1 }] },
  }
}

/** Ids of rows. */
export const ids = (values: number[]) => BigInt64Array.from(values, BigInt)
