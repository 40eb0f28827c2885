/**
 * The algebra of elementwise chains: index spaces (split, refine, collapse), merging two chains into one, dropping what is
 * unused, and numbering registers. While compiling, a chain's dims are `split`: the batch alone in front as -1, no dimension of 1.
 */
import type { Elementwise, Function1, Size } from '../program.js'
import { denseStrides, isDense } from './operands.js'
import { simplify } from './simplify.js'

export type Chain = { readonly op: 'elementwise' } & Elementwise
export type Step = Elementwise['steps'][number]

/** Tiles of this many registers stay in the first cache of the engine's inner loop. */
export const MAX_REGISTERS = 16
export const MAX_DIMS = 4

const BINARY = new Set<Function1>(['add', 'sub', 'mul', 'div', 'max', 'min', 'greater'])
export const argumentsOf = ({ f, a, b }: Pick<Step, 'f' | 'a' | 'b'>): number[] => (f === 'constant' ? [] : BINARY.has(f) ? [a, b] : [a])

/** -k becomes -1, k; dimensions of 1 go. */
export function splitDims(dims: readonly Size[], strides: readonly (readonly number[])[]): { dims: number[]; strides: number[][] } {
  const out: number[] = []
  const outStrides: number[][] = strides.map(() => [])
  dims.forEach((size, d) => {
    const parts = size < -1 ? [-1, -size] : size === 1 ? [] : [size]
    parts.forEach((part, p) => {
      out.push(part)
      strides.forEach((s, i) => {
        const step = s[d] as number
        outStrides[i]?.push(parts.length === 2 && p === 0 ? step * (parts[1] as number) : step)
      })
    })
  })
  return { dims: out, strides: outStrides }
}

/** The coarsest dims that both can be split into, or null. */
export function refine(a: readonly Size[], b: readonly Size[]): number[] | null {
  const cutsA = cuts(a)
  const cutsB = cuts(b)
  if ((a[0] === -1) !== (b[0] === -1) || cutsA.at(-1) !== cutsB.at(-1)) return null
  const all = [...new Set([...cutsA, ...cutsB])].sort((x, y) => x - y)
  const dims: number[] = []
  for (let i = 1; i < all.length; i++) {
    const size = (all[i] as number) / (all[i - 1] as number)
    if (!Number.isInteger(size)) return null
    dims.unshift(size)
  }
  if (a[0] === -1) dims.unshift(-1)
  return dims
}

/** Strides over `from` as strides over its refinement `to`. */
export function splitStrides(from: readonly Size[], strides: readonly number[], to: readonly Size[]): number[] {
  const out = new Array<number>(to.length)
  let d = from.length - 1
  let done = 1
  for (let t = to.length - 1; t >= 0; t--) {
    out[t] = (strides[d] ?? 0) * done
    done *= Math.abs(to[t] as number)
    if (done === Math.abs(from[d] ?? 1)) {
      d--
      done = 1
    }
  }
  return out
}

/** Adjacent dimensions become one wherever every input walks them as one. */
export function collapse(chain: Chain): Chain {
  const dims = [...chain.dims]
  const strides = chain.strides.map((s) => [...s])
  for (let d = dims.length - 1; d > 0; d--) {
    const size = dims[d] as number
    if (!strides.every((s) => s[d - 1] === (s[d] as number) * size)) continue
    dims.splice(d - 1, 2, (dims[d - 1] as number) * size)
    for (const s of strides) s.splice(d - 1, 1)
  }
  if (dims.length === 0) return { ...chain, dims: [1], strides: strides.map(() => [0]) }
  return { ...chain, dims, strides }
}

/**
 * `first` and then `second` as one chain, or null when their index spaces differ or the engine could not hold it.
 * `keep` says which of their outputs are wanted afterwards. What second reads of first's outputs must be read element for element.
 */
export function merge(first: Chain, second: Chain, keep: (value: number) => boolean): Chain | null {
  const dims = refine(first.dims, second.dims)
  if (!dims) return null
  const inputs: number[] = []
  const strides: number[][] = []
  const load = (value: number, walk: number[]): number => {
    const same = inputs.findIndex((other, i) => other === value && strides[i]?.every((s, d) => s === walk[d]))
    if (same >= 0) return same
    inputs.push(value)
    strides.push(walk)
    return inputs.length - 1
  }
  const firstInputs = first.inputs.map((value, i) => load(value, splitStrides(first.dims, first.strides[i] as number[], dims)))
  const made = new Map(first.outputs.map(({ buffer, register }) => [buffer, register]))
  const secondInputs = second.inputs.map((value, i) => {
    const walk = splitStrides(second.dims, second.strides[i] as number[], dims)
    if (!made.has(value)) return { register: load(value, walk) }
    return isDense(dims, walk) ? { made: made.get(value) as number } : null
  })
  if (secondInputs.includes(null)) return null

  // Registers: inputs, then one per step of first, then one per step of second.
  const steps: Step[] = []
  const append = (chain: Chain, inputRegisters: readonly number[]): Map<number, number> => {
    const at = new Map(inputRegisters.map((register, i) => [i, register]))
    for (const step of chain.steps) {
      const to = inputs.length + steps.length
      steps.push({ ...step, to, a: at.get(step.a) ?? 0, b: at.get(step.b) ?? 0 })
      at.set(step.to, to)
    }
    return at
  }
  const afterFirst = append(first, firstInputs)
  const afterSecond = append(
    second,
    secondInputs.map((source) => (source?.register ?? afterFirst.get(source?.made as number)) as number),
  )
  const outputs = [
    ...first.outputs.map(({ buffer, register }) => ({ buffer, register: afterFirst.get(register) as number })),
    ...second.outputs.map(({ buffer, register }) => ({ buffer, register: afterSecond.get(register) as number })),
  ].filter(({ buffer }) => keep(buffer))
  const merged = tidy({ op: 'elementwise', dims, inputs, strides, steps, registers: inputs.length + steps.length, outputs })
  return merged.registers <= MAX_REGISTERS && collapse(merged).dims.length <= MAX_DIMS ? merged : null
}

/** Equal steps once, unused steps and inputs gone, registers numbered so that a dead one is used again. */
export function tidy(chain: Chain): Chain {
  const { steps, outputs } = unique(chain)
  const used = new Set(outputs.map(({ register }) => register))
  const live = steps
    .toReversed()
    .filter((step) => {
      if (!used.has(step.to)) return false
      for (const register of argumentsOf(step)) used.add(register)
      return true
    })
    .reverse()
  const kept = [...chain.inputs.keys()].filter((i) => used.has(i))
  const lastUse = new Map<number, number>()
  live.forEach((step, i) => {
    for (const register of argumentsOf(step)) lastUse.set(register, i)
  })
  for (const { register } of outputs) lastUse.set(register, live.length)

  const at = new Map(kept.map((register, i) => [register, i]))
  const free: number[] = []
  let registers = kept.length
  const renumbered = live.map((step, i) => {
    const [a, b] = [at.get(step.a) ?? 0, at.get(step.b) ?? 0]
    // A register that dies here may take the result; registers of inputs stay as they are.
    for (const register of new Set(argumentsOf(step))) {
      if (lastUse.get(register) === i && (at.get(register) as number) >= kept.length) free.push(at.get(register) as number)
    }
    const to = free.pop() ?? registers++
    at.set(step.to, to)
    return { ...step, to, a: step.f === 'constant' ? 0 : a, b: BINARY.has(step.f) ? b : 0 }
  })
  return {
    op: 'elementwise',
    dims: chain.dims,
    inputs: kept.map((i) => chain.inputs[i] as number),
    strides: kept.map((i) => chain.strides[i] as number[]),
    steps: renumbered,
    registers,
    outputs: outputs.map(({ buffer, register }) => ({ buffer, register: at.get(register) as number })),
  }
}

/** Only the steps that make one output. */
export function only(chain: Chain, value: number): Chain {
  return tidy({ ...chain, outputs: chain.outputs.filter(({ buffer }) => buffer === value) })
}

/** Simplified steps in single-assignment registers, each computation once. */
function unique(chain: Chain): Pick<Chain, 'steps' | 'outputs'> {
  const at = new Map([...chain.inputs.keys()].map((i) => [i, i]))
  const known = new Map<string, number>()
  const steps: Step[] = []
  for (const { f, a, b, value, to: register } of chain.steps) {
    const renamed = { f, a: at.get(a) ?? 0, b: at.get(b) ?? 0, value }
    const simple = simplify(renamed, (r) => steps[r - chain.inputs.length])
    if ('register' in simple) {
      at.set(register, simple.register)
      continue
    }
    const key = [simple.f, ...argumentsOf(simple), simple.value].join()
    const to = known.get(key) ?? chain.inputs.length + steps.length
    if (!known.has(key)) steps.push({ ...simple, to })
    known.set(key, to)
    at.set(register, to)
  }
  return { steps, outputs: chain.outputs.map(({ buffer, register }) => ({ buffer, register: at.get(register) as number })) }
}

function cuts(dims: readonly Size[]): number[] {
  const at = [1]
  for (const size of dims.toReversed()) if (size !== -1) at.push((at.at(-1) as number) * size)
  return at
}

/** A chain of no steps that writes `from`, read by `strides`, to `to`. */
export function copyChain(from: number, to: number, dims: readonly Size[], strides: readonly number[] = denseStrides(dims)): Chain {
  const split = splitDims(dims, [strides])
  return { op: 'elementwise', ...split, inputs: [from], steps: [], registers: 1, outputs: [{ buffer: to, register: 0 }] }
}
