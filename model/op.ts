/**
 * What an op is: a name with rules. Every file in ops/ defines one op (elementwise.ts and scalar-functions.ts: a family) and exports
 * the function that users call beside it. ops/index.ts lists them all; docs/adding-an-op.md shows how one is added.
 */
import { configError } from '../common/errors.js'
import { type Attributes, isTable, makeTensor, nameOf, type Result, type Shape, showShape, type Tensor } from './graph.js'
import type { Function1 } from './program.js'
import type { Sample } from './sample.js'

export interface Op {
  readonly name: string
  /** The shape rule. Refuses what does not fit: `[matmul] wanted a [B, 4] and b [4, N], got b [5, 3]`. */
  result(inputs: readonly Tensor[], attributes: Attributes): Result
  /** The gradient rule, in ops: from d, the gradient of `node`, that of each input; undefined where there is none. Absent: none at all. */
  gradient?(node: Tensor, d: Tensor): readonly (Tensor | undefined)[]
  /** The plain float64 reference. Shapes are already checked, 'B' is already a number. */
  reference(call: ReferenceCall): Value
  /** The same op as ONNX nodes (opset 17), the last of which writes `names.output`. Absent: of training only, never exported. */
  onnx?(node: Tensor, names: OnnxNames): readonly OnnxNode[]
  /** Elementwise ops: the scalar function that they compile to. `attributes.value` is the step's value. */
  readonly elementwise?: Function1
  /** What the op loop runs: kernel against reference, gradient against finite differences, ONNX against the kernel. */
  readonly samples: readonly Sample[]
}

/** A value in the reference interpreter. Numbers are float64; ids too, exact below 2^53. */
export type Value = DenseValue | RowsValue

export interface DenseValue {
  readonly shape: readonly number[]
  readonly data: Float64Array
}

/** A row-sparse value: rows that are not in the map are zero. */
export interface RowsValue {
  readonly shape: readonly [rows: number, width: number]
  readonly rows: ReadonlyMap<number, Float64Array>
}

export interface ReferenceCall {
  readonly inputs: readonly Value[]
  readonly attributes: Attributes
  /** The result's shape with B filled in. */
  readonly shape: readonly number[]
  /** Where dropout's draws come from. */
  readonly randomness: Randomness
}

export interface Randomness {
  readonly seed: bigint
  readonly step: number
  readonly lane: number
}

export interface OnnxNode {
  readonly opType: string
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  readonly attributes?: Readonly<Record<string, { readonly int: number } | { readonly ints: readonly number[] } | { readonly float: number }>>
}

/** Names that an ONNX rule may use; the writer (model/onnx) makes the initializers and nodes behind them. */
export interface OnnxNames {
  readonly inputs: readonly string[]
  readonly output: string
  /** A fresh name for a value between two nodes of the rule. */
  temporary(): string
  /** A float32 scalar initializer. */
  float(value: number): string
  /** An int64 initializer of shape [values.length]. */
  ints(values: readonly number[]): string
  /** An int64 tensor that holds the shape at run time, B included. */
  shape(shape: Shape): string
}

/** Makes the node of an op after its shape rule has agreed. */
export function apply(op: Op, inputs: readonly Tensor[], attributes: Attributes = {}): Tensor {
  return makeTensor(op.name, inputs, attributes, op.result(inputs, attributes))
}

/** The error of a shape rule. */
export function refuse(op: string, wanted: string, got: string) {
  return configError('bad-shape', `[${op}] wanted ${wanted}, got ${got}`)
}

/** Refuses row-sparse values, ids and whole tables where an op computes with dense numbers. */
export function wantDense(op: string, inputs: readonly Tensor[]): void {
  for (const input of inputs)
    if (input.rowsOf !== undefined || input.dtype !== 'f32' || isTable(input)) throw refuse(op, 'dense numbers', describe(input))
}

/** `ids [B, 3]`, `table 'first' [100, 1]`, `rows of 'first' [100, 1]` or `[B, 4]`. */
export function describe(tensor: Tensor): string {
  const shape = showShape(tensor.shape)
  if (tensor.rowsOf !== undefined) return `rows of '${tensor.rowsOf}' ${shape}`
  if (isTable(tensor)) return `table '${nameOf(tensor)}' ${shape}`
  return tensor.dtype === 'i64' ? `ids ${shape}` : shape
}

export function asDense(value: Value): DenseValue {
  if ('data' in value) return value
  throw configError('bad-shape', `[reference] wanted dense numbers, got ${value.rows.size} rows of ${showShape(value.shape)}`)
}
