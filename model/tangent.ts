/**
 * Tangents of logits: how fast each logit moves when every weight W moves along its tangent V, zdot = J_W z · V. The look-ahead gradient
 * of the controller needs one for every example of a batch (docs/autoloss.md).
 *
 * forwardTangent is forward mode: node by node, each from those of its inputs, two products for every matmul. exampleTangents asks the
 * backward pass that has been run already: where it left δ_y, the gradient of Σ_n c_n z_n, the example n has
 *   c_n · zdot_n = Σ_y ⟨δ_y, ẏ⟩_n      over the nodes y with a batch that read weights, ẏ from the tangents of those weights alone,
 * because δ_y,n is c_n times the derivative of z_n alone. That is one product for every matmul with a weight, and none from layer to layer.
 *
 * A rule of forward mode is the gradient rule twice: the gradient of an input is linear in the gradient u of the output, and the gradient of
 * that in u, with the input's tangent as cotangent, is the output's tangent (Townsend, 2017). So no op has a rule of its own for it.
 */
import { between, gradients, gradientsBetween } from './autodiff.js'
import { innerSize, makeTensor, type Tensor } from './graph.js'
import { opNamed } from './ops/index.js'
import { reduceSum } from './ops/reduce-sum.js'
import { reshape } from './ops/reshape.js'
import { add, div, mul } from './ops/scalar-functions.js'

/** By leaf: the direction in which it moves, of its shape; for a table what lookup reads. */
export type Directions = ReadonlyMap<Tensor, Tensor>

/** zdot of the shape of `output`, by forward mode. */
export function forwardTangent(output: Tensor, directions: Directions): Tensor {
  const tangents = new Map(directions)
  for (const node of between([...directions.keys()], output)) {
    const tangent = tangents.get(node) ?? sumOf(node.inputs.flatMap((input, i) => tangentThrough(node, i, tangents.get(input))))
    if (tangent) tangents.set(node, tangent)
  }
  const found = tangents.get(output)
  if (!found) throw new RangeError('wanted an output that depends on a leaf with a direction')
  return found
}

/**
 * zdot [B] of logits [B], from their backward pass with the cotangent c [B], which must be nowhere 0. Its gradients are the very nodes that
 * gradients(logits, leaves, c) makes, so a program of both computes them once. A model that ties examples together gets forward mode.
 */
export function exampleTangents(logits: Tensor, directions: Directions, c: Tensor): Tensor {
  const path = between([...directions.keys()], logits)
  const tied = [...path].some((node) => !isBatch(node) && node.inputs.some((input) => path.has(input) && isBatch(input)))
  if (tied) return forwardTangent(logits, directions)

  const deltas = gradientsBetween([...directions.keys()], logits, c)
  const tangents = new Map(directions)
  // Uses with one δ between them, such as a product and the bias added to it, are added before they meet it.
  const uses = new Map<Tensor, Tensor>()
  for (const node of path) {
    const parts = node.inputs.flatMap((input, i) => (isBatch(input) ? [] : tangentThrough(node, i, tangents.get(input))))
    const tangent = sumOf(parts)
    const delta = deltas.get(node)
    if (!tangent) continue
    if (!isBatch(node)) tangents.set(node, tangent)
    else if (delta) uses.set(delta, sumOf([...(uses.has(delta) ? [uses.get(delta)!] : []), tangent])!)
  }
  const total = sumOf([...uses].map(([delta, tangent]) => byExample(mul(delta, tangent))))
  if (!total) throw new RangeError('wanted logits that depend on a leaf with a direction')
  return div(total, c)
}

/** The tangent that input i of a node, moving along `direction`, gives to the node: nothing where it has no derivative or does not move. */
function tangentThrough(node: Tensor, i: number, direction: Tensor | undefined): Tensor[] {
  if (!direction) return []
  const u = makeTensor('input', [], { name: 'gradient of the output' }, { shape: node.shape })
  const gradient = opNamed(node.op).gradient?.(node, u)[i]
  return gradient ? [gradients(gradient, [u], direction)[0]!] : []
}

function byExample(x: Tensor): Tensor {
  const width = innerSize(x.shape)
  return width === 1 ? reshape(x, ['B']) : reduceSum(reshape(x, ['B', width]), 1)
}

function sumOf(tensors: readonly Tensor[]): Tensor | undefined {
  return tensors.length === 0 ? undefined : tensors.reduce((a, b) => add(a, b))
}

const isBatch = ({ shape }: Tensor): boolean => shape[0] === 'B'
