/**
 * A program while it is being compiled: the same instructions, but their operands are numbers of values, each written once,
 * and no value has a place in memory yet. Every pass takes a draft and returns one.
 */
import type { Dtype } from '../graph.js'
import type { Instruction } from '../program.js'
import { type Extent, operandsOf } from './operands.js'

export interface Value extends Extent {
  readonly dtype: Dtype
  /** Where it comes from: an input, a parameter or its tangent, constant numbers, or (null) an instruction. */
  readonly source:
    | { readonly place: 'input' | 'parameter' | 'tangent'; readonly index: number }
    | { readonly place: 'constant'; readonly values: readonly number[] }
    | null
}

/** A value that leaves the program. */
export interface Result {
  readonly place: 'output' | 'gradient'
  readonly index: number
  readonly value: number
}

export interface Draft {
  readonly values: readonly Value[]
  readonly code: readonly Instruction[]
  readonly results: readonly Result[]
}

export const readsOf = (instruction: Instruction): number[] => operandsOf(instruction).reads.map(({ buffer }) => buffer)
export const writesOf = (instruction: Instruction): number[] => operandsOf(instruction).writes.map(({ buffer }) => buffer)

/** The instruction with every operand renumbered. */
export function renumber(instruction: Instruction, to: (value: number) => number): Instruction {
  switch (instruction.op) {
    case 'matmul': {
      const { a, b, bias, out } = instruction
      return { ...instruction, a: to(a), b: to(b), bias: bias < 0 ? bias : to(bias), out: to(out) }
    }
    case 'elementwise':
      return { ...instruction, inputs: instruction.inputs.map(to), outputs: instruction.outputs.map((o) => ({ ...o, buffer: to(o.buffer) })) }
    case 'reduce_sum':
    case 'reduce_max':
    case 'slice':
    case 'transpose':
    case 'pair_dots':
      return { ...instruction, x: to(instruction.x), out: to(instruction.out) }
    case 'lookup':
    case 'one_hot':
      return { ...instruction, ids: to(instruction.ids), out: to(instruction.out) }
    case 'lookup_grad':
      return { ...instruction, ids: to(instruction.ids), d: to(instruction.d) }
    case 'concat':
      return { ...instruction, inputs: instruction.inputs.map(to), out: to(instruction.out) }
    case 'pair_dots_cross':
      return { ...instruction, a: to(instruction.a), b: to(instruction.b), out: to(instruction.out) }
    case 'pair_dots_grad':
      return { ...instruction, x: to(instruction.x), d: to(instruction.d), out: to(instruction.out) }
    case 'pairwise_auc':
      return { ...instruction, z: to(instruction.z), y: to(instruction.y), out: to(instruction.out) }
    case 'pairwise_auc_grad':
      return { ...instruction, z: to(instruction.z), y: to(instruction.y), d: to(instruction.d), out: to(instruction.out) }
    case 'dropout_mask':
    case 'uniform':
      return { ...instruction, out: to(instruction.out) }
  }
}

/** ancestors[i][j]: instruction i needs, directly or not, something that instruction j writes. */
export function ancestorsOf(code: readonly Instruction[]): Set<number>[] {
  const writer = new Map<number, number>()
  code.forEach((instruction, i) => {
    for (const value of writesOf(instruction)) writer.set(value, i)
  })
  const known: (Set<number> | undefined)[] = []
  const visit = (i: number): Set<number> => {
    const found = known[i]
    if (found) return found
    const all = new Set<number>()
    known[i] = all
    for (const value of readsOf(code[i] as Instruction)) {
      const j = writer.get(value)
      if (j === undefined) continue
      all.add(j)
      for (const k of visit(j)) all.add(k)
    }
    return all
  }
  return code.map((_, i) => visit(i))
}
