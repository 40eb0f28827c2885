/**
 * Arithmetic on the steps of a chain that costs nothing at run time: constants folded into their users, signs and factors pushed
 * together, steps that change nothing left out. Every rule is exact in float32 but for factor·factor, which rounds once instead of twice.
 */
import type { Step } from './chain.js'

/** A step as it is before it has a register. */
export type Draw = Pick<Step, 'f' | 'a' | 'b' | 'value'>
/** A better step, or the register that already holds the result. */
export type Simplified = Draw | { readonly register: number }

const COMMUTATIVE_CONSTANT = { add: 'add_constant', mul: 'mul_constant', max: 'max_constant', min: 'min_constant' } as const

/** `made(register)` is the step that wrote a register, undefined for inputs. */
export function simplify(step: Draw, made: (register: number) => Draw | undefined): Simplified {
  const { f, a, b, value } = step
  const left = made(a)
  const right = made(b)
  switch (f) {
    case 'add':
    case 'mul':
    case 'max':
    case 'min': {
      const g = COMMUTATIVE_CONSTANT[f]
      if (right?.f === 'constant') return simplify({ f: g, a, b: 0, value: right.value }, made)
      if (left?.f === 'constant') return simplify({ f: g, a: b, b: 0, value: left.value }, made)
      if (f === 'add' && right?.f === 'neg') return { f: 'sub', a, b: right.a, value: 0 }
      if (f === 'add' && left?.f === 'neg') return { f: 'sub', a: b, b: left.a, value: 0 }
      if (f === 'mul' && a === b) return { f: 'square', a, b: 0, value: 0 }
      return step
    }
    case 'sub':
      if (right?.f === 'constant') return simplify({ f: 'add_constant', a, b: 0, value: -right.value }, made)
      if (right?.f === 'neg') return { f: 'add', a, b: right.a, value: 0 }
      return step
    case 'neg':
      if (left?.f === 'neg') return { register: left.a }
      if (left?.f === 'sub') return { f: 'sub', a: left.b, b: left.a, value: 0 }
      if (left?.f === 'mul_constant') return { ...left, value: -left.value }
      return step
    case 'mul_constant':
      if (value === 1) return { register: a }
      if (left?.f === 'mul_constant') return simplify({ ...left, value: left.value * value }, made)
      if (left?.f === 'neg') return simplify({ f, a: left.a, b: 0, value: -value }, made)
      if (value === -1) return { f: 'neg', a, b: 0, value: 0 }
      return step
    case 'add_constant':
      return value === 0 ? { register: a } : step
    default:
      return step
  }
}
