/**
 * From graph to draft, one instruction per node that computes. A tensor becomes a view: a value and the strides to walk it by, so
 * that reshape and broadcast are no instructions; what needs its operand dense and gets a broadcast asks for a copy.
 */
import { brokenError } from '../../common/errors.js'
import { isTable, nameOf, nodesOf, type Shape, type Tensor } from '../graph.js'
import { opNamed } from '../ops/index.js'
import type { Instruction, Size } from '../program.js'
import { copyChain, splitDims, tidy } from './chain.js'
import type { Draft, Result, Value } from './draft.js'
import { lowerings } from './lowerings.js'
import { denseStrides, extentOf, isDense, sameExtent } from './operands.js'
import { unifyEqualNodes } from './unify.js'

/** Element i of a tensor is at Σ index[d]·strides[d] of a value, or the same number everywhere. */
export type View = { readonly value: number; readonly strides: readonly number[] } | { readonly constant: number }

export interface Names {
  readonly inputs: readonly string[]
  readonly parameters: readonly string[]
  readonly tables: readonly string[]
}

/** `gradients` by name of parameter (dense) or table (row-sparse). */
export function lower(outputs: readonly Tensor[], gradients: ReadonlyMap<string, Tensor>, names: Names): Draft {
  const lowering = new Lowering(names, unifyEqualNodes(nodesOf([...outputs, ...gradients.values()])))
  lowering.lowerAll()
  outputs.forEach((tensor, index) => {
    lowering.result('output', index, tensor)
  })
  for (const [name, tensor] of gradients) {
    if (tensor.rowsOf === undefined) lowering.result('gradient', names.parameters.indexOf(name), tensor)
    else lowering.rows(tensor)
  }
  return lowering
}

export class Lowering implements Draft {
  readonly values: Value[] = []
  readonly code: Instruction[] = []
  readonly results: Result[] = []
  readonly #names: Names
  readonly #unified: ReadonlyMap<Tensor, Tensor>
  readonly #views = new Map<Tensor, View>()
  readonly #copies = new Map<Tensor, number>()

  constructor(names: Names, unified: ReadonlyMap<Tensor, Tensor>) {
    this.#names = names
    this.#unified = unified
  }

  lowerAll(): void {
    for (const [node, representative] of this.#unified) if (node === representative) this.#lower(node)
  }

  /** Lets a value leave the program; one that is a leaf, a broadcast or leaves already is copied. */
  result(place: Result['place'], index: number, tensor: Tensor): void {
    let value = this.dense(tensor)
    if (this.values[value]?.source !== null || this.results.some((r) => r.value === value)) value = this.#copy(tensor)
    this.results.push({ place, index, value })
  }

  /** A sum of row-sparse values leaves as one instruction for each of them. */
  rows(tensor: Tensor): void {
    if (tensor.op === 'add_rows') {
      for (const input of tensor.inputs) this.rows(input)
      return
    }
    if (tensor.op !== 'lookup_grad') throw brokenError('no-lowering', `[compile] wanted a sum of lookup gradients, got ${tensor.op}`)
    const [ids, d] = tensor.inputs as [Tensor, Tensor]
    const [, fields, width] = d.shape as [Size, number, number]
    this.code.push({ op: 'lookup_grad', table: this.table(tensor), ids: this.dense(ids), d: this.dense(d), fields, width })
  }

  viewOf(tensor: Tensor): View {
    return this.#views.get(this.#unified.get(tensor) as Tensor) as View
  }

  setView(node: Tensor, view: View): void {
    this.#views.set(node, view)
  }

  /** The tensor's value in row-major order and nothing else in it, copied if it is not so already. */
  dense(tensor: Tensor): number {
    const node = this.#unified.get(tensor) as Tensor
    const view = this.viewOf(node)
    const dims = sizesOf(node.shape)
    // The first places of a larger value may be walked densely too.
    if ('value' in view && isDense(dims, view.strides) && sameExtent(this.values[view.value] as Value, extentOf(dims))) return view.value
    const copied = this.#copies.get(node) ?? this.#copy(node)
    this.#copies.set(node, copied)
    return copied
  }

  /** The instruction that `build` makes for a new value becomes the node's; of a smaller `shape`, it is broadcast. */
  emit(node: Tensor, build: (out: number) => Instruction, shape: Shape = node.shape): void {
    const dims = sizesOf(shape)
    const out = this.#value({ dtype: node.dtype, ...extentOf(dims), source: null })
    this.code.push(build(out))
    this.setView(node, { value: out, strides: broadcastStrides(denseStrides(dims), shape, node.shape) })
  }

  table(node: Tensor): number {
    return this.#names.tables.indexOf(node.rowsOf ?? ((node.attributes.of ?? nameOf(node)) as string))
  }

  #lower(node: Tensor): void {
    if (isTable(node) || node.rowsOf !== undefined) return
    if (node.op === 'input' || node.op === 'parameter' || node.op === 'tangent') {
      this.#leaf(node, node.op)
      return
    }
    const f = opNamed(node.op).elementwise
    const rule = f ? () => this.#elementwise(node, f) : lowerings[node.op]
    if (!rule) throw brokenError('no-lowering', `[compile] wanted an op that the engine has, got ${node.op}`)
    rule(this, node)
  }

  #leaf(node: Tensor, place: 'input' | 'parameter' | 'tangent'): void {
    const names = place === 'input' ? this.#names.inputs : this.#names.parameters
    const name = place === 'tangent' ? (node.attributes.of as string) : nameOf(node)
    const dims = sizesOf(node.shape)
    const value = this.#value({ dtype: node.dtype, ...extentOf(dims), source: { place, index: names.indexOf(name) } })
    this.setView(node, { value, strides: denseStrides(dims) })
  }

  #elementwise(node: Tensor, f: NonNullable<ReturnType<typeof opNamed>['elementwise']>): void {
    const number = node.attributes.value
    const value = typeof number === 'number' ? number : 0
    const views = node.inputs.map((input) => ({ view: this.viewOf(input), shape: input.shape }))
    if (views.every(({ view }) => 'constant' in view)) {
      const inputs = views.map(({ view }) => ({ shape: [], data: Float64Array.of((view as { constant: number }).constant) }))
      const folded = opNamed(node.op).reference({ inputs, attributes: node.attributes, shape: [], randomness: { seed: 0n, step: 0, lane: 0 } })
      this.setView(node, { constant: (folded as { data: Float64Array }).data[0] as number })
      return
    }
    const loads = views.flatMap(({ view, shape }) =>
      'value' in view ? [{ value: view.value, strides: broadcastStrides(view.strides, shape, node.shape) }] : [],
    )
    // Along a dimension that no input walks, one number does for all: the chain runs over less and its result is a broadcast.
    const shape = node.shape.map((dim, d) => (loads.every(({ strides }) => strides[d] === 0) ? 1 : dim))
    const { dims, strides } = splitDims(
      sizesOf(shape),
      loads.map((load) => load.strides),
    )
    let register = loads.length
    let loaded = 0
    const constants = views.flatMap(({ view }) =>
      'constant' in view ? [{ f: 'constant' as const, to: register++, a: 0, b: 0, value: view.constant }] : [],
    )
    let made = 0
    const [a = 0, b = 0] = views.map(({ view }) => ('constant' in view ? (constants[made++]?.to as number) : loaded++))
    const steps = [...constants, { f, to: register, a, b, value }]
    const inputs = loads.map((load) => load.value)
    const chain = { op: 'elementwise' as const, dims, inputs, strides, steps, registers: register + 1 }
    this.emit(node, (buffer) => tidy({ ...chain, outputs: [{ buffer, register }] }), shape)
  }

  #copy(tensor: Tensor): number {
    const node = this.#unified.get(tensor) as Tensor
    const view = this.viewOf(node)
    const dims = sizesOf(node.shape)
    const out = this.#value({ dtype: node.dtype, ...extentOf(dims), source: null })
    if ('value' in view) this.code.push(copyChain(view.value, out, dims, view.strides))
    else {
      const steps = [{ f: 'constant' as const, to: 0, a: 0, b: 0, value: view.constant }]
      this.code.push({
        op: 'elementwise',
        dims: splitDims(dims, []).dims,
        inputs: [],
        strides: [],
        steps,
        registers: 1,
        outputs: [{ buffer: out, register: 0 }],
      })
    }
    return out
  }

  #value(value: Value): number {
    this.values.push(value)
    return this.values.length - 1
  }
}

export function sizesOf(shape: Shape): Size[] {
  return shape.map((dim) => (dim === 'B' ? -1 : dim))
}

/** Strides that walk `from` as if it had the shape `to`: missing and stretched dimensions do not move. */
export function broadcastStrides(strides: readonly number[], from: Shape, to: Shape): number[] {
  const missing = to.length - from.length
  return to.map((dim, d) => (d < missing || (from[d - missing] === 1 && dim !== 1) ? 0 : (strides[d - missing] as number)))
}
