/** Puts a draft's instructions in an order in which every value is written before it is read, the second phase last, and drops what nothing needs. */
import type { Instruction } from '../program.js'
import { type Draft, readsOf, writesOf } from './draft.js'
import { secondPhase } from './phases.js'

export function schedule(draft: Draft): Draft {
  const { code, results } = draft
  const writer = new Map<number, Instruction>()
  for (const instruction of code) for (const value of writesOf(instruction)) writer.set(value, instruction)
  const needed = new Set<Instruction>()
  const need = (instruction: Instruction | undefined): void => {
    if (!instruction || needed.has(instruction)) return
    needed.add(instruction)
    for (const value of readsOf(instruction)) need(writer.get(value))
  }
  for (const instruction of code) if (instruction.op === 'lookup_grad') need(instruction)
  for (const { value } of results) need(writer.get(value))

  const ordered = new Set<Instruction>()
  const place = (instruction: Instruction | undefined): void => {
    if (!instruction || ordered.has(instruction)) return
    for (const value of readsOf(instruction)) place(writer.get(value))
    ordered.add(instruction)
  }
  const isSecond = secondPhase(draft)
  for (const instruction of code) if (needed.has(instruction) && !isSecond(instruction)) place(instruction)
  for (const instruction of code) if (needed.has(instruction)) place(instruction)
  return { ...draft, code: [...ordered] }
}
