/**
 * The two phases of a program: what reads a tangent, itself or through others, is the second; everything else is the first, also what
 * only the second needs. Between them the engine learns the tangents, so no pass may move work of the first behind the cut or join the two.
 */
import type { Instruction } from '../program.js'
import { type Draft, readsOf, writesOf } from './draft.js'

/** Says of an instruction whether it belongs to the second phase; also of one that a pass makes from the draft's. */
export function secondPhase({ values, code }: Draft): (instruction: Instruction) => boolean {
  const readers = new Map<number, Instruction[]>()
  for (const instruction of code) for (const value of readsOf(instruction)) readers.set(value, [...(readers.get(value) ?? []), instruction])
  const late = new Set<number>()
  const open = [...values.keys()].filter((value) => values[value]?.source?.place === 'tangent')
  for (const instruction of code) if (readsTangentRows(instruction)) open.push(...writesOf(instruction))
  for (let value = open.pop(); value !== undefined; value = open.pop()) {
    if (late.has(value)) continue
    late.add(value)
    for (const reader of readers.get(value) ?? []) open.push(...writesOf(reader))
  }
  return (instruction) => readsTangentRows(instruction) || readsOf(instruction).some((value) => late.has(value))
}

function readsTangentRows(instruction: Instruction): boolean {
  return instruction.op === 'lookup' && instruction.plane === 'tangent'
}
