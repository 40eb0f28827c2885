/**
 * The graph: what a model builds. A tensor is a node; its op, inputs and attributes say how it is computed.
 * Nodes are immutable and numbered in the order they were made, so every input has a smaller id than its user.
 * Only the leading dimension may be 'B', the examples of a batch; everything else is a number.
 */
import { configError } from '../common/errors.js'

export type Dim = number | 'B'
export type Shape = readonly Dim[]
export type Dtype = 'f32' | 'i64'
export type Attributes = Readonly<Record<string, unknown>>

export interface Tensor {
  readonly id: number
  /** Name of the op that computes it, or one of the leaves: 'input', 'parameter', 'table', 'tangent', 'table_tangent'. */
  readonly op: string
  readonly inputs: readonly Tensor[]
  readonly attributes: Attributes
  readonly dtype: Dtype
  readonly shape: Shape
  /** Set on row-sparse values (rows of a table and their values, never the whole table): the table's name. */
  readonly rowsOf?: string
}

/** How the first weights are drawn: Philox by (seed, name, row, column), see model/philox.ts. */
export type Init =
  | { readonly kind: 'zeros' }
  | { readonly kind: 'constant'; readonly value: number }
  | { readonly kind: 'normal'; readonly deviation: number }
  | { readonly kind: 'uniform'; readonly bound: number }

/**
 * The leaves of one model: inputs, parameters and tables by name, in the order they were made. Ops are functions of tensors and need no graph.
 * A name is taken once; a second time is refused.
 */
export class Graph {
  readonly inputs: Tensor[] = []
  /** Leaves with attributes {name, init}. */
  readonly parameters: Tensor[] = []
  /** Leaves of shape [V, D] with attributes {name, init}; read by lookup, their gradients are row-sparse. */
  readonly tables: Tensor[] = []
  readonly #names = new Set<string>()
  readonly #tangents = new Map<Tensor, Tensor>()

  input(name: string, shape: Shape, dtype: Dtype = 'f32'): Tensor {
    return this.#leaf('input', this.inputs, shape, dtype, { name })
  }

  parameter(name: string, shape: readonly number[], init: Init): Tensor {
    return this.#leaf('parameter', this.parameters, shape, 'f32', { name, init })
  }

  table(name: string, rows: number, width: number, init: Init): Tensor {
    return this.#leaf('table', this.tables, [rows, width], 'f32', { name, init })
  }

  /**
   * A direction in which a parameter or a table moves: a leaf of its shape, one for each, that the engine is given between the two phases
   * of a program. Of a table it is what lookup reads. Attributes: the name `tangent of <name>`, and the name `of` the leaf.
   */
  tangentOf(leaf: Tensor): Tensor {
    const known = this.#tangents.get(leaf)
    if (known) return known
    const op = leaf.op === 'table' ? 'table_tangent' : 'tangent'
    const tangent = makeTensor(op, [], { name: `tangent of ${nameOf(leaf)}`, of: nameOf(leaf) }, leaf)
    this.#tangents.set(leaf, tangent)
    return tangent
  }

  /** Takes a name that is no leaf's, such as that of a dropout. */
  claim(what: string, name: string): void {
    if (this.#names.has(name)) throw configError('name-taken', `[${what}] wanted a new name, got '${name}', which the model has already`)
    this.#names.add(name)
  }

  #leaf(op: string, list: Tensor[], shape: Shape, dtype: Dtype, attributes: Attributes & { name: string }): Tensor {
    const { name } = attributes
    if (op !== 'input' && shape.includes('B')) throw configError('bad-shape', `[${op}] wanted '${name}' of numbers only, got ${showShape(shape)}`)
    this.claim(op, name)
    const leaf = makeTensor(op, [], attributes, { shape, dtype })
    list.push(leaf)
    return leaf
  }
}

/** What a shape rule answers: the value that an op makes. Dtype is f32 unless it says otherwise. */
export interface Result {
  readonly shape: Shape
  readonly dtype?: Dtype
  readonly rowsOf?: string
}

let made = 0

/** Makes a node. Ops call it through apply in op.ts, after their shape rule; here only what holds for every tensor is checked. */
export function makeTensor(op: string, inputs: readonly Tensor[], attributes: Attributes, { shape, dtype = 'f32', rowsOf }: Result): Tensor {
  const bad = shape.some((dim, axis) => (dim === 'B' ? axis > 0 : !Number.isSafeInteger(dim) || dim < 1))
  if (bad) throw configError('bad-shape', `[${op}] wanted whole dimensions from 1, B only in front, got ${showShape(shape)}`)
  made++
  return { id: made, op, inputs, attributes, dtype, shape, ...(rowsOf === undefined ? {} : { rowsOf }) }
}

/** The name of an input, a parameter or a table. */
export function nameOf(leaf: Tensor): string {
  return leaf.attributes.name as string
}

/** True for what has a value of its own and is computed by nothing. */
export function isLeaf({ op }: Tensor): boolean {
  return op === 'input' || op === 'parameter' || op === 'table' || op === 'tangent' || op === 'table_tangent'
}

/** True for a table and for its tangent: [V, D] numbers that only lookup reads. */
export function isTable({ op }: Tensor): boolean {
  return op === 'table' || op === 'table_tangent'
}

/** Everything that `outputs` are computed from, themselves included, every input before its user. */
export function nodesOf(outputs: readonly Tensor[]): Tensor[] {
  const seen = new Set<Tensor>()
  const open = [...outputs]
  for (let node = open.pop(); node; node = open.pop()) {
    if (seen.has(node)) continue
    seen.add(node)
    open.push(...node.inputs)
  }
  return [...seen].sort((a, b) => a.id - b.id)
}

/** `[B, 4]`, as messages print it. */
export function showShape(shape: Shape): string {
  return `[${shape.join(', ')}]`
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((dim, axis) => dim === b[axis])
}

/** Elements of a shape without its leading B, which is how buffers are counted. */
export function innerSize(shape: Shape): number {
  return shape.reduce<number>((size, dim) => (dim === 'B' ? size : size * dim), 1)
}
