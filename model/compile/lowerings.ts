/** How each op that is not elementwise becomes an instruction or a view. Row-sparse values are lowered where they leave the program. */
import type { Shape, Tensor } from '../graph.js'
import type { Size } from '../program.js'
import { type Chain, refine, splitDims, splitStrides } from './chain.js'
import { broadcastStrides, type Lowering, sizesOf, type View } from './lower.js'
import { denseStrides, extentOf, isDense } from './operands.js'

type Rule = (to: Lowering, node: Tensor) => void

export const lowerings: Readonly<Record<string, Rule>> = {
  reshape(to, node) {
    const [x] = node.inputs as [Tensor]
    to.setView(node, reshapeView(to.viewOf(x), x.shape, node.shape) ?? { value: to.dense(x), strides: denseStrides(sizesOf(node.shape)) })
  },

  broadcast(to, node) {
    const [x] = node.inputs as [Tensor]
    const view = to.viewOf(x)
    to.setView(node, 'constant' in view ? view : { value: view.value, strides: broadcastStrides(view.strides, x.shape, node.shape) })
  },

  /** From the first place on, a slice is its input walked by the same strides. */
  slice(to, node) {
    const [x] = node.inputs as [Tensor]
    const { axis, from, width } = node.attributes as { axis: number; from: number; width: number }
    const view = to.viewOf(x)
    if ('constant' in view || from === 0) return to.setView(node, view)
    const { outer, length, inner } = around(x.shape, axis)
    const value = to.dense(x)
    to.emit(node, (out) => ({ op: 'slice', x: value, out, outer, from: from * inner, width: width * inner, total: length * inner }))
  },

  concat(to, node) {
    const axis = node.attributes.axis as number
    const inputs = node.inputs.map((input) => to.dense(input))
    const widths = node.inputs.map((input) => around(input.shape, axis)).map(({ length, inner }) => length * inner)
    to.emit(node, (out) => ({ op: 'concat', inputs, widths, out, outer: around(node.shape, axis).outer }))
  },

  transpose(to, node) {
    const [x] = node.inputs as [Tensor]
    const [rows, columns] = sizesOf(x.shape).slice(-2) as [Size, Size]
    const value = to.dense(x)
    to.emit(node, (out) => ({ op: 'transpose', x: value, out, outer: sizeOf(x.shape.slice(0, -2)), rows, columns }))
  },

  reduce_sum(to, node) {
    const [x] = node.inputs as [Tensor]
    const value = to.dense(x)
    to.emit(node, (out) => ({ op: 'reduce_sum', x: value, out, ...around(x.shape, node.attributes.axis as number) }))
  },

  reduce_max(to, node) {
    const [x] = node.inputs as [Tensor]
    const value = to.dense(x)
    to.emit(node, (out) => ({ op: 'reduce_max', x: value, out, ...around(x.shape, node.attributes.axis as number) }))
  },

  /** A transposed operand is read as it is stored. A product of a column and a row is elementwise: what comes after it joins its pass. */
  matmul(to, node) {
    const [a, b] = node.inputs.map((input) =>
      input.op === 'transpose' ? { stored: input.inputs[0] as Tensor, flip: true } : { stored: input, flip: false },
    )
    const attributes = node.attributes as { transposeA: boolean; transposeB: boolean }
    const [transposeA, transposeB] = [attributes.transposeA !== a!.flip, attributes.transposeB !== b!.flip]
    const [m, n] = sizesOf(node.shape) as [Size, Size]
    const k = sizesOf(a!.stored.shape)[transposeA ? 0 : 1] as Size
    const operands = { a: to.dense(a!.stored), b: to.dense(b!.stored) }
    if (k === 1) {
      to.emit(node, (out) => outerProduct(operands.a, operands.b, out, m, n))
      return
    }
    to.emit(node, (out) => ({ op: 'matmul', ...operands, bias: -1, out, m, n, k, transposeA, transposeB, activation: 'none' }))
  },

  lookup(to, node) {
    const [table, ids] = node.inputs as [Tensor, Tensor]
    const [, fields, width] = node.shape as [Size, number, number]
    const plane = table.op === 'table_tangent' ? 'tangent' : 'weight'
    const rows = { table: to.table(table), ids: to.dense(ids) }
    to.emit(node, (out) => ({ op: 'lookup', plane, ...rows, out, fields, width }))
  },

  dropout_mask(to, node) {
    const { width, rate, purpose } = node.attributes as { width: number; rate: number; purpose: string }
    to.emit(node, (out) => ({ op: 'dropout_mask', out, width, rate, purpose }))
  },

  uniform(to, node) {
    const { width, purpose } = node.attributes as { width: number; purpose: string }
    to.emit(node, (out) => ({ op: 'uniform', out, width, purpose }))
  },

  one_hot(to, node) {
    const [ids] = node.inputs as [Tensor]
    const { column, rows } = node.attributes as { column: number; rows: readonly number[] }
    const value = to.dense(ids)
    to.emit(node, (out) => ({ op: 'one_hot', ids: value, out, fields: ids.shape[1] as number, column, rows }))
  },

  pair_dots(to, node) {
    const [x] = denseInputs(to, node)
    to.emit(node, (out) => ({ op: 'pair_dots', x: x!, out, ...rowsOf(node) }))
  },

  pair_dots_cross(to, node) {
    const [a, b] = denseInputs(to, node)
    to.emit(node, (out) => ({ op: 'pair_dots_cross', a: a!, b: b!, out, ...rowsOf(node) }))
  },

  pair_dots_grad(to, node) {
    const [x, d] = denseInputs(to, node)
    to.emit(node, (out) => ({ op: 'pair_dots_grad', x: x!, d: d!, out, ...rowsOf(node) }))
  },

  pairwise_auc(to, node) {
    const [z, y] = denseInputs(to, node)
    to.emit(node, (out) => ({ op: 'pairwise_auc', z: z!, y: y!, out }))
  },

  pairwise_auc_grad(to, node) {
    const [z, y, d] = denseInputs(to, node)
    to.emit(node, (out) => ({ op: 'pairwise_auc_grad', z: z!, y: y!, d: d!, out }))
  },
}

function denseInputs(to: Lowering, node: Tensor): number[] {
  return node.inputs.map((input) => to.dense(input))
}

/** Fields of an example and their width, of an op whose first input is [B, F, D]. */
function rowsOf(node: Tensor): { fields: number; width: number } {
  const [, fields, width] = (node.inputs[0] as Tensor).shape as [Size, number, number]
  return { fields, width }
}

function outerProduct(a: number, b: number, out: number, m: Size, n: Size): Chain {
  const walk = splitDims(
    [m, n],
    [
      [1, 0],
      [0, 1],
    ],
  )
  const steps = [{ f: 'mul' as const, to: 2, a: 0, b: 1, value: 0 }]
  return { op: 'elementwise', ...walk, inputs: [a, b], steps, registers: 3, outputs: [{ buffer: out, register: 2 }] }
}

/** The view under another shape, or null when its strides cannot say it. */
export function reshapeView(view: View, from: Shape, shape: Shape): View | null {
  if ('constant' in view) return view
  const target = sizesOf(shape)
  if (isDense(sizesOf(from), view.strides)) return { value: view.value, strides: denseStrides(target) }
  const source = splitDims(sizesOf(from), [view.strides])
  const wanted = splitDims(target, []).dims
  const dims = refine(source.dims, wanted)
  if (!dims) return null
  const fine = splitStrides(source.dims, source.strides[0] as number[], dims)
  // Each wanted dimension takes its run of fine ones from the end; a run must walk as one.
  const strides: number[] = []
  let f = dims.length - 1
  for (const size of target.toReversed()) {
    let done = 1
    const first = fine[f] ?? 0
    while (size !== 1 && done < Math.abs(size)) {
      if (fine[f] !== first * done) return null
      done *= dims[f--] as number
    }
    if (size === -1) f--
    strides.unshift(size === 1 ? 0 : first)
  }
  return { value: view.value, strides }
}

/** A shape seen as [outer, length, inner] around one axis. */
function around(shape: Shape, axis: number): { outer: Size; length: number; inner: number } {
  return { outer: sizeOf(shape.slice(0, axis)), length: sizesOf(shape)[axis] as number, inner: sizeOf(shape.slice(axis + 1)) }
}

function sizeOf(shape: Shape): Size {
  const { batch, inner } = extentOf(sizesOf(shape))
  return batch ? -inner : inner
}
