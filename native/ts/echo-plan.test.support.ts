/**
 * For tests: a plan whose gradients are what the batches say. The gradient of `w` is the sum of the examples' numbers, the gradient of
 * row ids[f] of `rows` gets numbers[f·width .. (f+1)·width), the loss is the sum of the labels. Made by hand, no compiler in between.
 */

import type { Init } from '../../model/graph.js'
import type { OptimizerSpec, TrainingPlan } from '../../model/plan.js'
import type { Buffer, Instruction, Program } from '../../model/program.js'

export interface EchoSizes {
  fields: number
  width: number
  rows: number
  laneBatch: number
  init?: Init
}

export function echoPlan(
  optimizer: OptimizerSpec,
  { fields, width, rows, laneBatch, init = { kind: 'uniform', bound: 1 } }: EchoSizes,
): TrainingPlan {
  const numbers = fields * width
  const input = (dtype: Buffer['dtype'], inner: number, index: number): Buffer => ({ place: 'input', dtype, batch: true, inner, index })
  const inputs = [input('i64', fields, 0), input('f32', numbers, 1), input('f32', 1, 2)]
  const program = (name: string, buffers: Buffer[], code: Instruction[], outputs: string[]): Program => {
    return {
      name,
      maxBatch: laneBatch,
      buffers,
      code,
      cut: code.length,
      arenaBytes: 0,
      inputs: ['ids', 'numbers', 'labels'],
      parameters: ['w'],
      tables: ['rows'],
      outputs,
    }
  }
  const [ids, d, labels, dw, loss] = [0, 1, 2, 3, 4] as const
  return {
    parameters: [{ name: 'w', shape: [numbers], init }],
    tables: [{ name: 'rows', rows, width, init }],
    optimizer,
    classes: 1,
    candidates: [],
    controller: null,
    fields,
    numbers,
    train: program(
      'echo',
      [
        ...inputs,
        { place: 'gradient', dtype: 'f32', batch: false, inner: numbers, index: 0 },
        { place: 'output', dtype: 'f32', batch: false, inner: 1, index: 0 },
      ],
      [
        { op: 'reduce_sum', x: d, out: dw, outer: 1, length: -1, inner: numbers },
        { op: 'lookup_grad', table: 0, ids, d, fields, width },
        { op: 'reduce_sum', x: labels, out: loss, outer: 1, length: -1, inner: 1 },
      ],
      ['loss'],
    ),
    predict: program(
      'echo-predict',
      [...inputs, { place: 'output', dtype: 'f32', batch: true, inner: 1, index: 0 }],
      [{ op: 'slice', x: d, out: 3, outer: -1, from: 0, width: 1, total: numbers }],
      ['logits'],
    ),
  }
}
