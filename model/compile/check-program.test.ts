import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LossmithError } from '../../common/errors.js'
import type { Buffer, Instruction, Program } from '../program.js'
import { checkProgram } from './check-program.js'

const arena = (offset: number, inner = 16): Buffer => ({ place: 'arena', dtype: 'f32', batch: true, inner, offset })
const chain = (inputs: number[], f: 'add' | 'neg', out: number): Instruction => ({
  op: 'elementwise',
  dims: [-16],
  inputs,
  strides: inputs.map(() => [1]),
  steps: [{ f, to: inputs.length, a: 0, b: inputs.length - 1, value: 0 }],
  registers: inputs.length + 1,
  outputs: [{ buffer: out, register: inputs.length }],
})

/** y = x + (−(−x)), the two negations in one place. */
function program(): Program {
  return {
    name: 'sound',
    maxBatch: 4,
    buffers: [
      { place: 'input', dtype: 'f32', batch: true, inner: 16, index: 0 },
      arena(0),
      arena(0),
      { place: 'output', dtype: 'f32', batch: true, inner: 16, index: 0 },
    ],
    code: [chain([0], 'neg', 1), chain([1], 'neg', 2), chain([0, 2], 'add', 3)],
    cut: 3,
    arenaBytes: 256,
    inputs: ['x'],
    parameters: [],
    tables: [],
    outputs: ['y'],
  }
}

test('a sound program passes, one that hands memory over in place included', () => {
  checkProgram(program())
})

const faults: [string, RegExp, (p: Program) => Program][] = [
  ['a read before the write', /instruction 0 .* reads buffer 2 before it is written/, (p) => ({ ...p, code: p.code.toReversed().slice(0, 1) })],
  ['a second writer', /writes buffer 1 again/, (p) => ({ ...p, code: [p.code[0]!, p.code[0]!, ...p.code.slice(1)] })],
  ['a write to an input', /writes buffer 0, which is a input/, (p) => ({ ...p, code: [chain([0], 'neg', 0), ...p.code] })],
  ['an output without a writer', /output buffer 3 is never written/, (p) => ({ ...p, code: p.code.slice(0, 2) })],
  ['a name without a buffer', /output z has no buffer/, (p) => ({ ...p, outputs: ['y', 'z'] })],
  ['sizes that differ', /writes B × 16, but buffer 1 holds B × 32/, (p) => ({ ...p, arenaBytes: 512, buffers: p.buffers.with(1, arena(0, 32)) })],
  [
    'bytes shared by live buffers',
    /alive together at instruction 1/,
    (p) => ({ ...p, code: [p.code[0]!, chain([0], 'neg', 2), chain([1, 2], 'add', 3)] }),
  ],
  ['an arena too small', /ends beyond the arena's 128 bytes/, (p) => ({ ...p, arenaBytes: 128 })],
  ['a place off the grid', /multiple of 64, got 4/, (p) => ({ ...p, arenaBytes: 512, buffers: p.buffers.with(1, arena(4)) })],
  ['a register out of range', /wanted a register from 1 to 1, got 5/, (p) => ({ ...p, code: p.code.with(0, badRegister()) })],
  [
    'a stride out of range',
    /reads B × 32 of buffer 0/,
    (p) => ({ ...p, code: p.code.with(0, { ...chain([0], 'neg', 1), strides: [[2]] } as Instruction) }),
  ],
  ['a cut beyond the end', /wanted a cut from 0 to 3, got 4/, (p) => ({ ...p, cut: 4 })],
  ['work of the first phase behind the cut', /instruction 2 \(elementwise\) is of the first phase, but the cut is 2/, (p) => ({ ...p, cut: 2 })],
  ['a tangent before the cut', /instruction 0 \(elementwise\) is of the second phase, but the cut is 3/, (p) => ({ ...twoPhases(p), cut: 3 })],
  ['a gradient of the second phase', /writes gradient buffer 3 in the second phase/, (p) => gradientLast(twoPhases(p))],
  ['a number that JSON has not', /wanted a finite number/, (p) => ({ ...p, code: p.code.with(0, infinite()) })],
]

for (const [what, message, spoil] of faults) {
  test(`refuses ${what}`, () => {
    const refused = (error: unknown) => error instanceof LossmithError && error.kind === 'broken' && message.test(error.message)
    assert.throws(() => checkProgram(spoil(program())), refused)
  })
}

test('a program of two phases passes', () => {
  checkProgram(twoPhases(program()))
})

/** All of it needs the tangent that it begins with. */
function twoPhases(p: Program): Program {
  return { ...p, cut: 0, parameters: ['w'], buffers: p.buffers.with(0, { place: 'tangent', dtype: 'f32', batch: true, inner: 16, index: 0 }) }
}

function gradientLast(p: Program): Program {
  return { ...p, outputs: [], buffers: p.buffers.with(3, { place: 'gradient', dtype: 'f32', batch: true, inner: 16, index: 0 }) }
}

function badRegister(): Instruction {
  return { ...chain([0], 'neg', 1), steps: [{ f: 'neg', to: 5, a: 0, b: 0, value: 0 }] } as Instruction
}

function infinite(): Instruction {
  return { ...chain([0], 'neg', 1), steps: [{ f: 'add_constant', to: 1, a: 0, b: 0, value: Number.POSITIVE_INFINITY }] } as Instruction
}
