/**
 * Runs a program in plain float64, one loop per instruction, arena offsets and all: the compiler's tests compare it with the graph's
 * reference, which knows nothing of programs. Not for training.
 */
import { opNamed } from '../ops/index.js'
import type { Elementwise, Instruction, Program, Size } from '../program.js'
import { bytesOf } from './operands.js'

export interface InterpretedResult {
  readonly outputs: ReadonlyMap<string, Float64Array>
  readonly gradients: ReadonlyMap<string, Float64Array>
  /** By table: row to summed values. */
  readonly rows: ReadonlyMap<string, ReadonlyMap<number, Float64Array>>
}

/** `values` by name of input, parameter or table, `tangents` by name of parameter or table. Both phases run, one after the other. */
export function interpretProgram(
  program: Program,
  batch: number,
  values: ReadonlyMap<string, Float64Array>,
  tangents: ReadonlyMap<string, Float64Array> = new Map(),
): InterpretedResult {
  // An element of the arena is a float64 wherever the engine has a float32, so that shared bytes are shared here too.
  const arena = new Float64Array(program.arenaBytes / 4).fill(Number.NaN)
  const outputs = new Map<string, Float64Array>()
  const gradients = new Map<string, Float64Array>()
  const rows = new Map<string, Map<number, Float64Array>>()
  const memoryOf = (buffer: Program['buffers'][number]): Float64Array => {
    const size = (buffer.batch ? batch : 1) * buffer.inner
    const index = buffer.index ?? 0
    const fresh = (into: Map<string, Float64Array>, name: string) => {
      const numbers = new Float64Array(size)
      into.set(name, numbers)
      return numbers
    }
    switch (buffer.place) {
      case 'arena':
        return arena.subarray((buffer.offset ?? 0) / 4, (buffer.offset ?? 0) / 4 + bytesOf(buffer, batch) / 4)
      case 'constant':
        return Float64Array.from(buffer.values ?? [])
      case 'input':
        return values.get(program.inputs[index] as string) as Float64Array
      case 'parameter':
        return values.get(program.parameters[index] as string) as Float64Array
      case 'tangent':
        return tangents.get(program.parameters[index] as string) as Float64Array
      case 'gradient':
        return fresh(gradients, program.parameters[index] as string)
      case 'output':
        return fresh(outputs, program.outputs[index] as string)
    }
  }
  const memory = program.buffers.map(memoryOf)
  const at = (buffer: number) => memory[buffer] as Float64Array
  const size = (s: Size) => (s < 0 ? -s * batch : s)
  for (const instruction of program.code) run(instruction, at, size, (table) => ({ name: program.tables[table] as string, values, tangents, rows }))
  return { outputs, gradients, rows }
}

type TableOf = (table: number) => {
  name: string
  values: ReadonlyMap<string, Float64Array>
  tangents: ReadonlyMap<string, Float64Array>
  rows: Map<string, Map<number, Float64Array>>
}

function run(c: Instruction, at: (buffer: number) => Float64Array, size: (s: Size) => number, tableOf: TableOf): void {
  switch (c.op) {
    case 'elementwise':
      runChain(c, at, c.dims.map(size))
      return
    case 'matmul': {
      const [m, n, k] = [size(c.m), size(c.n), size(c.k)]
      for (let i = 0; i < m; i++) {
        for (let j = 0; j < n; j++) {
          let sum = c.bias < 0 ? 0 : (at(c.bias)[j] as number)
          for (let h = 0; h < k; h++) {
            sum += (at(c.a)[c.transposeA ? h * m + i : i * k + h] as number) * (at(c.b)[c.transposeB ? j * k + h : h * n + j] as number)
          }
          at(c.out)[i * n + j] = c.activation === 'relu' ? Math.max(sum, 0) : sum
        }
      }
      return
    }
    case 'reduce_sum': {
      const [outer, length, inner] = [size(c.outer), size(c.length), size(c.inner)]
      for (let o = 0; o < outer; o++) {
        for (let i = 0; i < inner; i++) {
          let sum = 0
          for (let l = 0; l < length; l++) sum += at(c.x)[(o * length + l) * inner + i] as number
          at(c.out)[o * inner + i] = sum
        }
      }
      return
    }
    case 'reduce_max': {
      const [outer, length, inner] = [size(c.outer), size(c.length), size(c.inner)]
      for (let i = 0; i < outer * inner; i++) {
        const first = Math.floor(i / inner) * length * inner + (i % inner)
        at(c.out)[i] = Math.max(...Array.from({ length }, (_, l) => at(c.x)[first + l * inner] as number))
      }
      return
    }
    case 'lookup': {
      const { name, values, tangents } = tableOf(c.table)
      const plane = c.plane === 'weight' ? values : tangents
      at(c.ids).forEach((row, i) => {
        at(c.out).set((plane.get(name) as Float64Array).subarray(row * c.width, (row + 1) * c.width), i * c.width)
      })
      return
    }
    case 'lookup_grad': {
      const { name, rows } = tableOf(c.table)
      const sums = rows.get(name) ?? new Map<number, Float64Array>()
      rows.set(name, sums)
      at(c.ids).forEach((row, i) => {
        const sum = sums.get(row) ?? new Float64Array(c.width)
        for (let j = 0; j < c.width; j++) sum[j] = (sum[j] as number) + (at(c.d)[i * c.width + j] as number)
        sums.set(row, sum)
      })
      return
    }
    case 'concat': {
      const total = c.widths.reduce((sum, width) => sum + width, 0)
      let from = 0
      c.inputs.forEach((input, i) => {
        const width = c.widths[i] as number
        for (let o = 0; o < size(c.outer); o++) at(c.out).set(at(input).slice(o * width, (o + 1) * width), o * total + from)
        from += width
      })
      return
    }
    case 'slice':
      for (let o = 0; o < size(c.outer); o++) at(c.out).set(at(c.x).slice(o * c.total + c.from, o * c.total + c.from + c.width), o * c.width)
      return
    case 'transpose': {
      const [rows, columns] = [size(c.rows), size(c.columns)]
      for (let o = 0; o < size(c.outer); o++) {
        for (let i = 0; i < rows * columns; i++) {
          at(c.out)[o * rows * columns + (i % columns) * rows + Math.floor(i / columns)] = at(c.x)[o * rows * columns + i] as number
        }
      }
      return
    }
    case 'one_hot':
      at(c.out).forEach((_, i) => {
        const id = at(c.ids)[Math.floor(i / c.rows.length) * c.fields + c.column]
        at(c.out)[i] = Number(id === c.rows[i % c.rows.length])
      })
      return
    case 'pair_dots':
    case 'pair_dots_cross':
    case 'pair_dots_grad': {
      const rows = (buffer: number) => ({ shape: [size(-1), c.fields, c.width], data: at(buffer) })
      const pairs = (buffer: number) => ({ shape: [size(-1), (c.fields * (c.fields - 1)) / 2], data: at(buffer) })
      if (c.op === 'pair_dots') runReference(c.op, [rows(c.x)], pairs(c.out))
      else if (c.op === 'pair_dots_cross') runReference(c.op, [rows(c.a), rows(c.b)], pairs(c.out))
      else runReference(c.op, [rows(c.x), pairs(c.d)], rows(c.out))
      return
    }
    case 'pairwise_auc':
    case 'pairwise_auc_grad': {
      const examples = (buffer: number) => ({ shape: [size(-1)], data: at(buffer) })
      const inputs = c.op === 'pairwise_auc' ? [c.z, c.y] : [c.z, c.y, c.d]
      runReference(c.op, inputs.map(examples), examples(c.out))
      return
    }
    case 'dropout_mask':
    case 'uniform':
      // Any draw does for the compiler's tests; the real one is the engine's and the reference's.
      at(c.out).fill(1)
  }
}

/** An instruction that is its graph op as it is: by the op's own reference. */
function runReference(name: string, inputs: readonly Operand[], out: Operand): void {
  const result = opNamed(name).reference({ inputs, attributes: {}, shape: out.shape, randomness: { seed: 0n, step: 0, lane: 0 } })
  out.data.set((result as { data: Float64Array }).data)
}

interface Operand {
  readonly shape: readonly number[]
  readonly data: Float64Array
}

function runChain(chain: Elementwise, at: (buffer: number) => Float64Array, dims: readonly number[]): void {
  const total = dims.reduce((product, n) => product * n, 1)
  const registers = new Float64Array(chain.registers)
  const results = chain.outputs.map(() => new Float64Array(total))
  for (let i = 0; i < total; i++) {
    chain.inputs.forEach((input, k) => {
      let rest = i
      let place = 0
      for (let d = dims.length - 1; d >= 0; d--) {
        place += (rest % (dims[d] as number)) * (chain.strides[k]?.[d] as number)
        rest = Math.floor(rest / (dims[d] as number))
      }
      registers[k] = at(input)[place] as number
    })
    for (const { f, to, a, b, value } of chain.steps) registers[to] = scalar(f, registers[a] as number, registers[b] as number, value)
    chain.outputs.forEach(({ register }, o) => {
      ;(results[o] as Float64Array)[i] = registers[register] as number
    })
  }
  chain.outputs.forEach(({ buffer }, o) => {
    at(buffer).set(results[o] as Float64Array)
  })
}

/** The ops' own references, so that a function is written once. */
function scalar(f: Elementwise['steps'][number]['f'], a: number, b: number, value: number): number {
  const inputs = f === 'constant' ? [] : [a, b].map((x) => ({ shape: [], data: Float64Array.of(x) }))
  const result = opNamed(f).reference({ inputs, attributes: { value }, shape: [], randomness: { seed: 0n, step: 0, lane: 0 } })
  return 'data' in result ? (result.data[0] as number) : Number.NaN
}
