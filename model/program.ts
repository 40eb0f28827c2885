/**
 * The program: a graph after compilation, as the engine runs it. One flat list of instructions over numbered buffers.
 * The batch size is free from 0 to maxBatch: a buffer with `batch: true` holds B × inner elements, else `inner`.
 * native/engine/program.h is the same structure in C++, native/addon/program_from_js.cc reads one into the other.
 */

export interface Program {
  readonly name: string
  readonly maxBatch: number
  readonly buffers: readonly Buffer[]
  readonly code: readonly Instruction[]
  /**
   * Instructions [0, cut) are the first phase, [cut, end) the second, which runs later over the same arena, when tangents are known.
   * Outputs and gradients of the first phase are written before the cut. code.length for a program of one phase.
   */
  readonly cut: number
  /** Bytes of one thread's arena at maxBatch. Offsets are multiples of 64. */
  readonly arenaBytes: number
  /** Names in the order that buffer.index counts in. Tables are not buffers: lookup names them by index. */
  readonly inputs: readonly string[]
  readonly parameters: readonly string[]
  readonly tables: readonly string[]
  readonly outputs: readonly string[]
}

export interface Buffer {
  readonly place:
    | 'arena' // at `offset` bytes of the thread's arena
    | 'input' // inputs[index]
    | 'parameter' // parameters[index], read only
    | 'tangent' // the tangent of parameters[index] (V of docs/autoloss.md), read only, in the second phase only
    | 'gradient' // the gradient of parameters[index], written whole by exactly one instruction (never accumulated)
    | 'output' // outputs[index], written whole by exactly one instruction
    | 'constant' // `values`
  readonly dtype: 'f32' | 'i64'
  readonly batch: boolean
  readonly inner: number
  readonly index?: number
  readonly offset?: number
  readonly values?: readonly number[]
}

/** A size that may grow with the batch: -1 stands for B, -k for k·B (rows of a [B, k, width] tensor). */
export type Size = number

export type Instruction =
  /** out[m,n] = activation(op(a)[m,k] · op(b)[k,n] + bias[n]). a is stored [m,k], or [k,m] when transposeA; b likewise. bias -1: none. */
  | {
      readonly op: 'matmul'
      readonly a: number
      readonly b: number
      readonly bias: number
      readonly out: number
      readonly m: Size
      readonly n: Size
      readonly k: Size
      readonly transposeA: boolean
      readonly transposeB: boolean
      readonly activation: 'none' | 'relu'
    }
  /** A chain of elementwise ops in one pass. See Elementwise. */
  | ({ readonly op: 'elementwise' } & Elementwise)
  /** out[outer, inner] = Σ over length of x[outer, length, inner], added in the order of length. */
  | { readonly op: 'reduce_sum'; readonly x: number; readonly out: number; readonly outer: Size; readonly length: Size; readonly inner: Size }
  /** out[outer, inner] = the largest of x[outer, length, inner] over length; −∞ of none, NaN of any NaN. */
  | { readonly op: 'reduce_max'; readonly x: number; readonly out: number; readonly outer: Size; readonly length: Size; readonly inner: Size }
  /** out[B, fields, width] = table[ids[B, fields]], of the table's weights or of its tangent, whose missing rows are zero. */
  | {
      readonly op: 'lookup'
      readonly table: number
      readonly plane: 'weight' | 'tangent'
      readonly ids: number
      readonly out: number
      readonly fields: number
      readonly width: number
    }
  /** Appends to the table's row-sparse gradient: d[B, fields, width] summed by row in the order of (example, field). */
  | { readonly op: 'lookup_grad'; readonly table: number; readonly ids: number; readonly d: number; readonly fields: number; readonly width: number }
  /** out[outer, Σ widths] = inputs side by side, input i is [outer, widths[i]]. */
  | { readonly op: 'concat'; readonly inputs: readonly number[]; readonly widths: readonly number[]; readonly out: number; readonly outer: Size }
  /** out[outer, width] = x[outer, from .. from+width] of rows of `total`. */
  | {
      readonly op: 'slice'
      readonly x: number
      readonly out: number
      readonly outer: Size
      readonly from: number
      readonly width: number
      readonly total: number
    }
  /** out[outer, columns, rows] = x[outer, rows, columns]. */
  | { readonly op: 'transpose'; readonly x: number; readonly out: number; readonly outer: Size; readonly rows: Size; readonly columns: Size }
  /** out[B, width]: 0 with probability rate, else 1/(1−rate); Philox by (seed, purpose, step, lane, example, unit). */
  | { readonly op: 'dropout_mask'; readonly out: number; readonly width: number; readonly rate: number; readonly purpose: string }
  /** out[B, width] in (0, 1): (w + ½)·2⁻²³ of a word's upper 23 bits w, drawn as the dropout mask's. */
  | { readonly op: 'uniform'; readonly out: number; readonly width: number; readonly purpose: string }
  /** out[B, rows.length]: 1 where ids[b, column] is that row, else 0. `ids` is [B, fields], `rows` ascend. */
  | {
      readonly op: 'one_hot'
      readonly ids: number
      readonly out: number
      readonly fields: number
      readonly column: number
      readonly rows: readonly number[]
    }
  /** out[B, F(F−1)/2] = ⟨x_i, x_j⟩ for i < j, row by row, of x[B, F, width]. */
  | { readonly op: 'pair_dots'; readonly x: number; readonly out: number; readonly fields: number; readonly width: number }
  /** The same of two values: ⟨a_i, b_j⟩ + ⟨b_i, a_j⟩. */
  | {
      readonly op: 'pair_dots_cross'
      readonly a: number
      readonly b: number
      readonly out: number
      readonly fields: number
      readonly width: number
    }
  /** out[B, i, width] = Σ over j ≠ i, in its order, of d[B, pair of i and j] · x[B, j, width]. */
  | { readonly op: 'pair_dots_grad'; readonly x: number; readonly d: number; readonly out: number; readonly fields: number; readonly width: number }
  /** out[B]: n/(n+ n−) · Σ over negatives j of softplus(z_j − z_i) for a positive (y above ½) i, else 0. */
  | { readonly op: 'pairwise_auc'; readonly z: number; readonly y: number; readonly out: number }
  /** out[B]: the gradient of z from d, that of the former's result. */
  | { readonly op: 'pairwise_auc_grad'; readonly z: number; readonly y: number; readonly d: number; readonly out: number }

/**
 * Elementwise chain over an index space of up to four dimensions (`dims`, outermost first; -k is k·B). Input i is read at
 * Σ index[d]·strides[i][d] (elements; 0 broadcasts), outputs are dense over `dims`. Steps run over a register file:
 * registers 0..inputs.length-1 hold the inputs, each step writes a register, outputs name registers.
 */
export interface Elementwise {
  readonly dims: readonly Size[]
  readonly inputs: readonly number[]
  readonly strides: readonly (readonly number[])[]
  readonly steps: readonly { readonly f: Function1; readonly to: number; readonly a: number; readonly b: number; readonly value: number }[]
  readonly registers: number
  readonly outputs: readonly { readonly buffer: number; readonly register: number }[]
}

/** Scalar functions. Binary ones use registers a and b; `*_constant` use a and `value`; unary ones use a. */
export type Function1 =
  | 'add'
  | 'sub'
  | 'mul'
  | 'div'
  | 'max'
  | 'min'
  | 'add_constant'
  | 'mul_constant'
  | 'max_constant'
  | 'min_constant'
  | 'constant' // value
  | 'neg'
  | 'exp'
  | 'log'
  | 'log1p'
  | 'sqrt'
  | 'reciprocal'
  | 'square'
  | 'abs'
  | 'sign'
  | 'sigmoid'
  | 'tanh'
  | 'softplus'
  | 'relu'
  | 'step' // 1 where a > 0, else 0: the derivative of relu
  | 'greater' // 1 where a > b, else 0
  | 'pow_constant'
