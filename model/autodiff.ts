/**
 * Reverse mode. The gradient of a graph is more graph: nodes are visited from the output back to the inputs, each op's rule says in
 * ops what its inputs get from it, and what a tensor gets from its users is added. So gradients of gradients need nothing more.
 */
import { configError } from '../common/errors.js'
import { innerSize, isTable, nodesOf, sameShape, type Tensor } from './graph.js'
import { describe } from './op.js'
import { addRows } from './ops/add-rows.js'
import { constant } from './ops/constant.js'
import { opNamed } from './ops/index.js'
import { tableOf } from './ops/lookup.js'
import { add } from './ops/scalar-functions.js'

/**
 * The gradient of `output` in each tensor of `wrt`: of its shape, row-sparse for tables. An output that is no scalar needs a cotangent of
 * its shape (for a row-sparse output a table or rows of one) and the result is the gradient of ⟨cotangent, output⟩.
 * A whole table as cotangent serves each row-sparse value once: tables are never added, so using one value twice needs rows.
 * A tensor that the output does not depend on gets zeros; a table gets a refusal, because there are no rows to name.
 */
export function gradients(output: Tensor, wrt: readonly Tensor[], cotangent: Tensor = one(output)): Tensor[] {
  const fits = sameShape(cotangent.shape, output.shape) && (tableOf(cotangent) === undefined) === (output.rowsOf === undefined)
  if (!fits) throw configError('bad-shape', `[gradients] wanted a cotangent like ${describe(output)}, got ${describe(cotangent)}`)

  const gradient = gradientsBetween(wrt, output, cotangent)
  return wrt.map((tensor) => gradient.get(tensor) ?? zeros(tensor))
}

/** The gradient of ⟨cotangent, output⟩ in every tensor between `wrt` and `output` that it depends on, both ends included. */
export function gradientsBetween(wrt: readonly Tensor[], output: Tensor, cotangent: Tensor): Map<Tensor, Tensor> {
  const path = between(wrt, output)
  const gradient = new Map<Tensor, Tensor>([[output, cotangent]])
  for (const node of [...path].reverse()) {
    const d = gradient.get(node)
    if (!d || node.inputs.length === 0) continue
    const parts = opNamed(node.op).gradient?.(node, d) ?? []
    for (const [i, input] of node.inputs.entries()) {
      const part = parts[i]
      if (part && path.has(input)) gradient.set(input, sum(gradient.get(input), part))
    }
  }
  return gradient
}

/** The nodes that depend on one of `wrt` and that `output` depends on, every input before its user. */
export function between(wrt: readonly Tensor[], output: Tensor): Set<Tensor> {
  const path = new Set<Tensor>()
  for (const node of nodesOf([output])) if (wrt.includes(node) || node.inputs.some((input) => path.has(input))) path.add(node)
  return path
}

function one(output: Tensor): Tensor {
  if (innerSize(output.shape) !== 1 || output.shape[0] === 'B' || output.rowsOf !== undefined)
    throw configError('bad-shape', `[gradients] wanted one number or a cotangent, got ${describe(output)}`)
  return constant(1, output.shape)
}

function sum(a: Tensor | undefined, b: Tensor): Tensor {
  if (!a) return b
  return tableOf(b) === undefined ? add(a, b) : addRows(a, b)
}

function zeros(tensor: Tensor): Tensor {
  if (isTable(tensor) || tensor.rowsOf !== undefined)
    throw configError('unused-table', `[gradients] wanted a table that the output depends on, got ${describe(tensor)}`)
  return constant(0, tensor.shape)
}
