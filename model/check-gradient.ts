/**
 * The gradient rules against central finite differences, through the reference interpreter in float64: in a random direction of all
 * inputs at once and with a random cotangent, because the gradient of sum(out) cannot see many wrong rules.
 */
import { gradients } from './autodiff.js'
import { makeTensor, nameOf, nodesOf, type Tensor } from './graph.js'
import type { DenseValue, Value } from './op.js'
import { philox, philoxKey, philoxUniform } from './philox.js'
import { type Evaluation, evaluate } from './reference.js'

export interface DerivativePair {
  /** From the gradient rules. */
  readonly ruled: number
  /** From finite differences. */
  readonly measured: number
}

/** The derivative of ⟨cotangent, output⟩ along a random direction of all `leaves`, both ways. */
export function firstDerivative(output: Tensor, leaves: readonly Tensor[], at: Evaluation): DerivativePair {
  const cotangent = likeLeaf('cotangent', output)
  const values = new Map(at.values).set('cotangent', randomValue('cotangent', output, at.batch))
  return compare([[cotangent, output]], leaves, { ...at, values })
}

/** The same one order up: of ⟨direction, gradient⟩, where the first cotangent moves too. */
export function secondDerivative(output: Tensor, leaves: readonly Tensor[], at: Evaluation): DerivativePair {
  const cotangent = likeLeaf('cotangent', output)
  const values = new Map(at.values).set('cotangent', randomValue('cotangent', output, at.batch))
  const first = gradients(output, leaves, cotangent)
  const pairs = first.map((gradient, i): [Tensor, Tensor] => {
    const name = `direction/${i}`
    values.set(name, randomValue(name, gradient, at.batch))
    return [likeLeaf(name, gradient), gradient]
  })
  return compare(pairs, output.rowsOf === undefined ? [...leaves, cotangent] : leaves, { ...at, values })
}

/** d/dh Σ ⟨cotangent, output⟩ at leaves + h · direction. */
function compare(pairs: readonly (readonly [cotangent: Tensor, output: Tensor])[], leaves: readonly Tensor[], at: Evaluation): DerivativePair {
  const h = 1e-5
  const directions = new Map(leaves.map((leaf) => [leaf, randomValue(`along/${nameOf(leaf)}`, leaf, at.batch)]))
  let ruled = 0
  for (const [cotangent, output] of pairs) {
    const used = nodesOf([output])
    const wrt = leaves.filter((leaf) => used.includes(leaf))
    const found = evaluate(gradients(output, wrt, cotangent), at)
    for (const [i, leaf] of wrt.entries()) ruled += inner(directions.get(leaf)!, found[i]!)
  }
  const valueAt = (move: number) => {
    const values = new Map(at.values)
    for (const [leaf, direction] of directions) values.set(nameOf(leaf), moved(values.get(nameOf(leaf)) as DenseValue, direction, move))
    const found = evaluate(pairs.flat(), { ...at, values })
    return pairs.reduce((sum, _, i) => sum + inner(found[2 * i] as DenseValue, found[2 * i + 1]!), 0)
  }
  return { ruled, measured: (valueAt(h) - valueAt(-h)) / (2 * h) }
}

/** A leaf of the tensor's shape: a table for row-sparse values and tables, else an input. */
function likeLeaf(name: string, tensor: Tensor): Tensor {
  return makeTensor(tensor.rowsOf === undefined ? 'input' : 'table', [], { name }, { shape: tensor.shape })
}

/** Numbers in ±1 of the tensor's shape, the same for the same name. */
function randomValue(name: string, tensor: Tensor, batch: number): DenseValue {
  const shape = tensor.shape.map((dim) => (dim === 'B' ? batch : dim))
  const key = philoxKey(0n, name)
  const size = shape.reduce((product, dim) => product * dim, 1)
  return { shape, data: Float64Array.from({ length: size }, (_, index) => 2 * philoxUniform(philox([index, 0, 0, 0], key)[0]) - 1) }
}

function inner(a: DenseValue, b: Value): number {
  if ('data' in b) return a.data.reduce((sum, value, at) => sum + value * b.data[at]!, 0)
  let sum = 0
  for (const [row, values] of b.rows) for (const [column, value] of values.entries()) sum += value * a.data[row * b.shape[1] + column]!
  return sum
}

function moved(value: DenseValue, direction: DenseValue, by: number): DenseValue {
  return { shape: value.shape, data: value.data.map((number, at) => number + by * direction.data[at]!) }
}
