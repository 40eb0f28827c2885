/**
 * Fusion: elementwise instructions over one index space become one pass over memory.
 *   merge      a producer goes into its consumer, and two chains that read the same value become one, wherever no instruction
 *              between them would have to run in the middle and both are of one phase; what others still need stays an output
 *   recompute  a value that only chains read, and that is cheap to make from at most one value of its size, is made again in each
 *              of them instead of being written once and read later
 */
import type { Function1, Instruction } from '../program.js'
import { type Chain, merge, only, tidy } from './chain.js'
import { ancestorsOf, type Draft, readsOf, writesOf } from './draft.js'
import { sameExtent } from './operands.js'
import { secondPhase } from './phases.js'

const COSTLY = new Set<Function1>(['exp', 'log', 'log1p', 'sigmoid', 'tanh', 'softplus', 'pow_constant', 'sqrt', 'div', 'reciprocal'])
const MAX_RECOMPUTED_STEPS = 4

export function fuse(draft: Draft): Draft {
  let current = draft
  for (;;) {
    const next = mergeOnce(current) ?? recomputeOnce(current)
    if (!next) return current
    current = next
  }
}

function mergeOnce(draft: Draft): Draft | null {
  const { code } = draft
  const ancestors = ancestorsOf(code)
  const isSecond = secondPhase(draft)
  for (const related of [feeds, sharesInput]) {
    for (const [j, after] of code.entries()) {
      if (after.op !== 'elementwise') continue
      for (const [i, before] of code.entries()) {
        if (i === j || before.op !== 'elementwise' || !related(draft, before, after)) continue
        if (isSecond(before) !== isSecond(after) || !canBeAdjacent(ancestors, i, j)) continue
        const others = code.filter((_, k) => k !== i && k !== j)
        const merged = merge(before, after, neededBy(draft, others))
        if (merged) return { ...draft, code: code.flatMap((c, k) => (k === i ? [] : k === j ? [merged] : [c])) }
      }
    }
  }
  return null
}

const feeds = (_: Draft, first: Chain, second: Chain): boolean => first.outputs.some(({ buffer }) => second.inputs.includes(buffer))

/** They read the same value of the size of what they write. */
function sharesInput({ values }: Draft, first: Chain, second: Chain): boolean {
  const written = values[first.outputs[0]?.buffer as number]
  return first.inputs.some((value) => second.inputs.includes(value) && written !== undefined && sameExtent(values[value] as typeof written, written))
}

/** Nothing depends on i and feeds j, and i does not depend on j. */
function canBeAdjacent(ancestors: readonly Set<number>[], i: number, j: number): boolean {
  if (ancestors[i]?.has(j)) return false
  for (const between of ancestors[j] as Set<number>) if (between !== i && ancestors[between]?.has(i)) return false
  return true
}

function neededBy({ results }: Draft, code: readonly Instruction[]): (value: number) => boolean {
  const needed = new Set([...code.flatMap((c) => readsOf(c)), ...results.map(({ value }) => value)])
  return (value) => needed.has(value)
}

function recomputeOnce(draft: Draft): Draft | null {
  const { code, results } = draft
  for (const [i, producer] of code.entries()) {
    if (producer.op !== 'elementwise') continue
    for (const { buffer: value } of producer.outputs) {
      const readers = code.flatMap((c, k) => (readsOf(c).includes(value) ? [k] : []))
      if (readers.length === 0 || results.some((r) => r.value === value)) continue
      const recipe = only(producer, value)
      if (recipe.steps.length > MAX_RECOMPUTED_STEPS || recipe.steps.some(({ f }) => COSTLY.has(f))) continue
      const merged = readers.map((k) => recomputeIn(draft, recipe, code[k] as Instruction))
      if (merged.includes(null)) continue
      const rest = tidy({ ...producer, outputs: producer.outputs.filter(({ buffer }) => buffer !== value) })
      return {
        ...draft,
        code: code.flatMap((c, k): Instruction[] => {
          const reader = readers.indexOf(k)
          return k === i ? (rest.outputs.length > 0 ? [rest] : []) : [reader >= 0 ? (merged[reader] as Chain) : c]
        }),
      }
    }
  }
  return null
}

/** The reader with the recipe inside, when that reads no more values of full size than before. */
function recomputeIn({ values }: Draft, recipe: Chain, reader: Instruction): Chain | null {
  if (reader.op !== 'elementwise') return null
  const written = values[recipe.outputs[0]?.buffer as number]
  const fresh = recipe.inputs.filter((value) => written && sameExtent(values[value] as typeof written, written) && !reader.inputs.includes(value))
  if (fresh.length > 1) return null
  const wanted = new Set(writesOf(reader))
  return merge(recipe, reader, (value) => wanted.has(value))
}
