/**
 * For tests: a plan whose gradients are what the batches say. The gradient of `w` is the sum of the examples' numbers, the gradient of
 * row ids[f] of `rows` gets numbers[f·width .. (f+1)·width), the loss is the sum of the labels. The validation gradient is made alike, and the
 * evidence is what the tangents are: those of `w`, then the sum over the examples of those of their rows. Made by hand, no compiler in between.
 */

import type { Init } from '../../model/graph.js'
import type { ControllerPlan, OptimizerSpec, TrainingPlan } from '../../model/plan.js'
import type { Buffer, Instruction, Program } from '../../model/program.js'

export interface EchoSizes {
  fields: number
  width: number
  rows: number
  laneBatch: number
  init?: Init
  lookahead?: ControllerPlan['lookahead']
}

export function echoPlan(
  optimizer: OptimizerSpec,
  { fields, width, rows, laneBatch, init = { kind: 'uniform', bound: 1 }, lookahead }: EchoSizes,
): TrainingPlan {
  const numbers = fields * width
  const input = (dtype: Buffer['dtype'], inner: number, index: number): Buffer => ({ place: 'input', dtype, batch: true, inner, index })
  const inputs = [input('i64', fields, 0), input('f32', numbers, 1), input('f32', 1, 2)]
  const program = (name: string, buffers: Buffer[], code: Instruction[], outputs: string[], cut = code.length): Program => {
    return {
      name,
      maxBatch: laneBatch,
      buffers,
      code,
      cut,
      arenaBytes: 1 << 20,
      inputs: ['ids', 'numbers', 'labels'],
      parameters: ['w'],
      tables: ['rows'],
      outputs,
    }
  }
  const [ids, d, labels, dw, loss] = [0, 1, 2, 3, 4] as const
  const buffers: Buffer[] = [
    ...inputs,
    { place: 'gradient', dtype: 'f32', batch: false, inner: numbers, index: 0 },
    { place: 'output', dtype: 'f32', batch: false, inner: 1, index: 0 },
  ]
  const code: Instruction[] = [
    { op: 'reduce_sum', x: d, out: dw, outer: 1, length: -1, inner: numbers },
    { op: 'lookup_grad', table: 0, ids, d, fields, width },
    { op: 'reduce_sum', x: labels, out: loss, outer: 1, length: -1, inner: 1 },
  ]
  const tangents: Buffer[] = [
    { place: 'tangent', dtype: 'f32', batch: false, inner: numbers, index: 0 },
    { place: 'arena', dtype: 'f32', batch: true, inner: numbers, offset: 0 },
    { place: 'arena', dtype: 'f32', batch: false, inner: numbers, offset: 1 << 19 },
    { place: 'output', dtype: 'f32', batch: false, inner: 2 * numbers, index: 1 },
  ]
  const evidence: Instruction[] = [
    { op: 'lookup', table: 0, plane: 'tangent', ids, out: 6, fields, width },
    { op: 'reduce_sum', x: 6, out: 7, outer: 1, length: -1, inner: numbers },
    { op: 'concat', inputs: [5, 7], widths: [numbers, numbers], out: 8, outer: 1 },
  ]
  const controller = lookahead && {
    parameters: [],
    size: 0,
    search: program('echo-search', [...buffers, ...tangents], [...code, ...evidence], ['loss', 'evidence'], code.length),
    validate: program('echo-validate', buffers, code, ['objective']),
    evidence: { tangents: 0, entropy: 0, dS: 0, dH: numbers, length: 2 * numbers },
    lookahead,
    period: 1,
    warmupSteps: 0,
    temperature: { start: 1, decay: 0, floor: 1 },
    laneBatch,
  }
  return {
    parameters: [{ name: 'w', shape: [numbers], init }],
    tables: [{ name: 'rows', rows, width, init }],
    optimizer,
    classes: 1,
    candidates: [],
    controller: controller ?? null,
    fields,
    numbers,
    train: program('echo', buffers, code, ['loss']),
    predict: program(
      'echo-predict',
      [...inputs, { place: 'output', dtype: 'f32', batch: true, inner: 1, index: 0 }],
      [{ op: 'slice', x: d, out: 3, outer: -1, from: 0, width: 1, total: numbers }],
      ['logits'],
    ),
  }
}
