/** Which buffers an instruction reads and writes, and how many elements each must hold. */
import type { Buffer, Instruction, Size } from '../program.js'

/** A number of elements: B × inner when `batch`, else inner. */
export interface Extent {
  readonly batch: boolean
  readonly inner: number
}

export interface Operand {
  readonly buffer: number
  readonly extent: Extent
  /** The instruction touches element i of this operand only when it is at element i of its output: the two may share memory. */
  readonly inPlace: boolean
}

export interface Operands {
  readonly reads: readonly Operand[]
  readonly writes: readonly Operand[]
}

export function operandsOf(instruction: Instruction): Operands {
  switch (instruction.op) {
    case 'matmul': {
      const { a, b, bias, out, m, n, k } = instruction
      const reads = [operand(a, [m, k]), operand(b, [k, n])]
      if (bias >= 0) reads.push(operand(bias, [n]))
      return { reads, writes: [operand(out, [m, n])] }
    }
    case 'elementwise': {
      const { dims, inputs, strides, outputs } = instruction
      return {
        reads: inputs.map((buffer, i) => {
          const walk = strides[i] ?? []
          // An input that is itself an output is copied after the steps, when another output may lie over it already.
          return { buffer, extent: reach(dims, walk), inPlace: isDense(dims, walk) && outputs.every(({ register }) => register !== i) }
        }),
        writes: outputs.map(({ buffer }) => operand(buffer, dims)),
      }
    }
    case 'reduce_sum':
    case 'reduce_max': {
      const { x, out, outer, length, inner } = instruction
      return { reads: [operand(x, [outer, length, inner])], writes: [operand(out, [outer, inner])] }
    }
    case 'lookup': {
      const { ids, out, fields, width } = instruction
      return { reads: [operand(ids, [-1, fields])], writes: [operand(out, [-1, fields, width])] }
    }
    case 'lookup_grad': {
      const { ids, d, fields, width } = instruction
      return { reads: [operand(ids, [-1, fields]), operand(d, [-1, fields, width])], writes: [] }
    }
    case 'concat': {
      const { inputs, widths, out, outer } = instruction
      const total = widths.reduce((sum, width) => sum + width, 0)
      return { reads: inputs.map((buffer, i) => operand(buffer, [outer, widths[i] ?? 0])), writes: [operand(out, [outer, total])] }
    }
    case 'slice': {
      const { x, out, outer, width, total } = instruction
      return { reads: [operand(x, [outer, total])], writes: [operand(out, [outer, width])] }
    }
    case 'transpose': {
      const { x, out, outer, rows, columns } = instruction
      return { reads: [operand(x, [outer, rows, columns])], writes: [operand(out, [outer, columns, rows])] }
    }
    case 'one_hot': {
      const { ids, out, fields, rows } = instruction
      return { reads: [operand(ids, [-1, fields])], writes: [operand(out, [-1, rows.length])] }
    }
    case 'pair_dots': {
      const { x, out, fields, width } = instruction
      return { reads: [operand(x, [-1, fields, width])], writes: [operand(out, [-1, pairsOf(fields)])] }
    }
    case 'pair_dots_cross': {
      const { a, b, out, fields, width } = instruction
      return { reads: [operand(a, [-1, fields, width]), operand(b, [-1, fields, width])], writes: [operand(out, [-1, pairsOf(fields)])] }
    }
    case 'pair_dots_grad': {
      const { x, d, out, fields, width } = instruction
      return { reads: [operand(x, [-1, fields, width]), operand(d, [-1, pairsOf(fields)])], writes: [operand(out, [-1, fields, width])] }
    }
    case 'pairwise_auc': {
      const { z, y, out } = instruction
      return { reads: [operand(z, [-1]), operand(y, [-1])], writes: [operand(out, [-1])] }
    }
    case 'pairwise_auc_grad': {
      const { z, y, d, out } = instruction
      return { reads: [operand(z, [-1]), operand(y, [-1]), operand(d, [-1])], writes: [operand(out, [-1])] }
    }
    case 'dropout_mask':
    case 'uniform':
      return { reads: [], writes: [operand(instruction.out, [-1, instruction.width])] }
  }
}

/** Pairs of different fields. */
function pairsOf(fields: number): number {
  return (fields * (fields - 1)) / 2
}

/** The product of sizes, of which at most one may hold the batch. */
export function extentOf(sizes: readonly Size[]): Extent {
  let batch = false
  let inner = 1
  for (const size of sizes) {
    if (size < 0 && batch) throw new RangeError(`wanted at most one batch dimension, got [${sizes.join(', ')}]`)
    batch ||= size < 0
    inner *= Math.abs(size)
  }
  return { batch, inner }
}

export function sameExtent(a: Extent, b: Extent): boolean {
  return a.batch === b.batch && a.inner === b.inner
}

export function bytesOf(buffer: Buffer, batch: number): number {
  return (buffer.batch ? batch : 1) * buffer.inner * (buffer.dtype === 'i64' ? 8 : 4)
}

/** Row-major strides of a dense tensor; the stride of a batch dimension counts elements of one example. */
export function denseStrides(dims: readonly Size[]): number[] {
  const strides = new Array<number>(dims.length)
  let stride = 1
  for (let d = dims.length - 1; d >= 0; d--) {
    strides[d] = stride
    stride *= Math.abs(dims[d] as number)
  }
  return strides
}

/** True when walking dims by these strides visits every element once, in memory order. */
export function isDense(dims: readonly Size[], strides: readonly number[]): boolean {
  const dense = denseStrides(dims)
  return dims.every((size, d) => size === 1 || strides[d] === dense[d])
}

/** The smallest buffer that holds every element that these strides reach. Exact in B when the batch is outermost or stride 0. */
function reach(dims: readonly Size[], strides: readonly number[]): Extent {
  const first = dims[0] ?? 1
  const rest = dims.reduce<number>((last, size, d) => (d === 0 ? last : last + (Math.abs(size) - 1) * (strides[d] ?? 0)), 0) + 1
  const step = strides[0] ?? 0
  if (first < 0 && step > 0) {
    // Example b owns elements b·|first|·step onward; its own last element must lie inside them.
    const perExample = -first * step
    const last = (-first - 1) * step + rest
    return { batch: true, inner: Math.max(perExample, last) }
  }
  return { batch: false, inner: (Math.abs(first) - 1) * step + rest }
}

function operand(buffer: number, sizes: readonly Size[]): Operand {
  return { buffer, extent: extentOf(sizes), inPlace: false }
}
