/**
 * The reference interpreter: any graph in float64, node by node, by the plain loops of the ops. Slow, and what everything faster is
 * compared with.
 */
import { configError } from '../common/errors.js'
import { isLeaf, nameOf, nodesOf, type Shape, showShape, type Tensor } from './graph.js'
import type { Randomness, Value } from './op.js'
import { opNamed } from './ops/index.js'

export interface Evaluation {
  /** Values of inputs, parameters, tables and tangents by name. A table may be given as rows: the others are zero. */
  readonly values: ReadonlyMap<string, Value>
  /** Examples: what B stands for. */
  readonly batch: number
  /** Draws of dropout masks; by default those of seed 0, step 0, lane 0. */
  readonly randomness?: Randomness
}

/** The values of `outputs`, in their order. */
export function evaluate(outputs: readonly Tensor[], { values, batch, randomness = { seed: 0n, step: 0, lane: 0 } }: Evaluation): Value[] {
  const done = new Map<Tensor, Value>()
  for (const node of nodesOf(outputs)) {
    const shape = node.shape.map((dim) => (dim === 'B' ? batch : dim))
    const inputs = node.inputs.map((input) => done.get(input)!)
    done.set(node, isLeaf(node) ? given(node, shape, values) : opNamed(node.op).reference({ inputs, attributes: node.attributes, shape, randomness }))
  }
  return outputs.map((output) => done.get(output)!)
}

function given(leaf: Tensor, shape: Shape, values: ReadonlyMap<string, Value>): Value {
  const value = values.get(nameOf(leaf))
  if (!value)
    throw configError('missing-value', `[reference] wanted a value for ${leaf.op} '${nameOf(leaf)}', got ${[...values.keys()].join(', ') || 'none'}`)
  if (showShape(value.shape) !== showShape(shape))
    throw configError('bad-shape', `[reference] wanted '${nameOf(leaf)}' ${showShape(shape)}, got ${showShape(value.shape)}`)
  return value
}
