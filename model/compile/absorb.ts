/**
 * Matrix products take the bias added to them and the relu after it: out = relu(a·b + bias) in one instruction.
 * So that the sum before the relu need not be kept for the backward pass, step(x) reads relu(x) where that exists: both are positive together.
 */
import type { Instruction } from '../program.js'
import { type Chain, refine, splitDims, splitStrides } from './chain.js'
import { type Draft, readsOf } from './draft.js'
import { isDense } from './operands.js'
import { secondPhase } from './phases.js'

type Matmul = Extract<Instruction, { op: 'matmul' }>

export function absorbIntoMatmuls(draft: Draft): Draft {
  const code: (Instruction | null)[] = stepOfRelu(draft)
  const uses = countUses({ ...draft, code: code.filter((c) => c !== null) })
  const isSecond = secondPhase(draft)
  const matmuls = new Map<number, number>()
  code.forEach((instruction, i) => {
    if (instruction?.op === 'matmul') matmuls.set(instruction.out, i)
    if (instruction?.op !== 'elementwise') return
    for (const value of instruction.inputs) {
      const at = matmuls.get(value)
      if (at === undefined || uses.get(value) !== 1 || isSecond(code[at] as Matmul) !== isSecond(instruction)) continue
      const taken = withBias(code[at] as Matmul, instruction) ?? withRelu(code[at] as Matmul, instruction)
      if (!taken) continue
      code[at] = null
      code[i] = taken
      matmuls.set(taken.out, i)
      return
    }
  })
  return { ...draft, code: code.filter((c) => c !== null) }
}

function stepOfRelu({ code }: Draft): Instruction[] {
  const reluOf = new Map<number, number>()
  for (const c of code) if (c.op === 'elementwise' && isSingle(c, 'relu') && readsDense(c, 0)) reluOf.set(c.inputs[0] as number, writes(c))
  return code.map((c) => {
    const relu = c.op === 'elementwise' && isSingle(c, 'step') ? reluOf.get(c.inputs[0] as number) : undefined
    return relu === undefined ? c : { ...(c as Chain), inputs: [relu] }
  })
}

function withBias(matmul: Matmul, chain: Chain): Matmul | null {
  if (!isSingle(chain, 'add') || chain.inputs.length !== 2 || matmul.bias >= 0 || matmul.activation !== 'none') return null
  const product = chain.inputs.indexOf(matmul.out)
  const bias = 1 - product
  const dims = refine(chain.dims, splitDims([matmul.m, matmul.n], []).dims)
  if (!dims || !readsDense(chain, product)) return null
  const walk = splitStrides(chain.dims, chain.strides[bias] as number[], dims)
  let inner = 1
  for (let d = dims.length - 1; d >= 0; d--) {
    if (walk[d] !== (inner < matmul.n ? inner : 0)) return null
    inner *= Math.abs(dims[d] as number)
  }
  return { ...matmul, bias: chain.inputs[bias] as number, out: writes(chain) }
}

function withRelu(matmul: Matmul, chain: Chain): Matmul | null {
  if (!isSingle(chain, 'relu') || matmul.activation !== 'none' || !readsDense(chain, 0)) return null
  return { ...matmul, activation: 'relu', out: writes(chain) }
}

const isSingle = (chain: Chain, f: string): boolean => chain.steps.length === 1 && chain.steps[0]?.f === f && chain.outputs.length === 1
const readsDense = (chain: Chain, input: number): boolean => isDense(chain.dims, chain.strides[input] as number[])
const writes = (chain: Chain): number => chain.outputs[0]?.buffer as number

function countUses({ code, results }: Draft): Map<number, number> {
  const uses = new Map<number, number>()
  for (const value of [...code.flatMap((c) => readsOf(c)), ...results.map((r) => r.value)]) uses.set(value, (uses.get(value) ?? 0) + 1)
  return uses
}
