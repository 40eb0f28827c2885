/**
 * Proves that a program is safe to run, from the program alone: every buffer written before it is read, gradients and outputs by
 * exactly one instruction, sizes that agree, registers and strides in range, no two live buffers in the same bytes of the arena, and
 * the two phases on their sides of the cut.
 * Throws `broken`: a program that fails here is a bug of the compiler or was changed on its way.
 */
import { brokenError } from '../../common/errors.js'
import type { Buffer, Elementwise, Instruction, Program } from '../program.js'
import { bytesOf, type Operand, operandsOf, sameExtent } from './operands.js'

const BINARY = new Set(['add', 'sub', 'mul', 'div', 'max', 'min', 'greater'])

export function checkProgram(program: Program): void {
  const fail = (what: string): never => {
    throw brokenError('bad-program', `[program ${program.name}] ${what}`)
  }
  checkBuffers(program, fail)
  const lives = program.buffers.map(() => ({ born: -1, dies: -1 }))
  program.code.forEach((instruction, at) => {
    const where = `instruction ${at} (${instruction.op})`
    const { reads, writes } = guarded(() => operandsOf(instruction), where, fail)
    for (const read of reads) {
      const buffer = bufferAt(program, read.buffer, where, fail)
      const life = lives[read.buffer] as Life
      if (isWritten(buffer) && life.born < 0) fail(`${where} reads buffer ${read.buffer} before it is written`)
      life.dies = at
      checkExtent(buffer, read, instruction, where, fail)
    }
    for (const write of writes) {
      const buffer = bufferAt(program, write.buffer, where, fail)
      const life = lives[write.buffer] as Life
      if (!isWritten(buffer)) fail(`${where} writes buffer ${write.buffer}, which is a ${buffer.place}`)
      if (life.born >= 0) fail(`${where} writes buffer ${write.buffer} again`)
      if (!sameExtent(buffer, write.extent)) fail(`${where} writes ${extent(write.extent)}, but buffer ${write.buffer} holds ${extent(buffer)}`)
      life.born = at
      life.dies = at
    }
    checkDtypes(program, instruction, where, fail)
    checkPlaces(program, instruction, where, fail)
    if (instruction.op === 'elementwise') checkRegisters(instruction, where, fail)
  })
  program.buffers.forEach((buffer, i) => {
    if ((buffer.place === 'gradient' || buffer.place === 'output') && (lives[i] as Life).born < 0)
      fail(`${buffer.place} buffer ${i} is never written`)
  })
  checkArena(program, lives, fail)
  checkPhases(program, fail)
}

interface Life {
  born: number
  dies: number
}
type Fail = (what: string) => never

function checkBuffers(program: Program, fail: Fail): void {
  const named = new Map<string, number>()
  program.buffers.forEach((buffer, i) => {
    const { place, index, offset, inner } = buffer
    if (!Number.isSafeInteger(inner) || inner < 0) fail(`buffer ${i}: wanted a size, got ${inner}`)
    if (place === 'arena') {
      if (offset === undefined || offset < 0 || offset % 64 !== 0) fail(`buffer ${i}: wanted an offset that is a multiple of 64, got ${offset}`)
      if ((offset ?? 0) + bytesOf(buffer, program.maxBatch) > program.arenaBytes)
        fail(`buffer ${i} ends beyond the arena's ${program.arenaBytes} bytes`)
    } else if (place === 'constant') {
      if (buffer.batch || buffer.values?.length !== inner) fail(`buffer ${i}: wanted ${inner} constant values, got ${buffer.values?.length}`)
    } else {
      const names = {
        input: program.inputs,
        parameter: program.parameters,
        tangent: program.parameters,
        gradient: program.parameters,
        output: program.outputs,
      }[place]
      if (index === undefined || names[index] === undefined) fail(`buffer ${i}: wanted an index of ${names.length} ${place}s, got ${index}`)
      const key = `${place} ${index}`
      if (named.has(key)) fail(`buffers ${named.get(key)} and ${i} are both ${key}`)
      named.set(key, i)
    }
  })
  program.outputs.forEach((name, i) => {
    if (!named.has(`output ${i}`)) fail(`output ${name} has no buffer`)
  })
}

function isWritten(buffer: Buffer): boolean {
  return buffer.place === 'arena' || buffer.place === 'gradient' || buffer.place === 'output'
}

/** Strided reads may reach fewer elements than the buffer holds; every other operand must fill it. */
function checkExtent(buffer: Buffer, read: Operand, instruction: Instruction, where: string, fail: Fail): void {
  const exact = instruction.op !== 'elementwise'
  const fits = buffer.batch === read.extent.batch && read.extent.inner <= buffer.inner
  if (exact ? !sameExtent(buffer, read.extent) : !fits) {
    fail(`${where} reads ${extent(read.extent)} of buffer ${read.buffer}, which holds ${extent(buffer)}`)
  }
}

/** What needs a tangent, through others too, stands from the cut on, and nothing else does: no gradient is written there, for one. */
function checkPhases({ code, buffers, cut }: Program, fail: Fail): void {
  if (!Number.isSafeInteger(cut) || cut < 0 || cut > code.length) fail(`wanted a cut from 0 to ${code.length}, got ${cut}`)
  const late = new Set([...buffers.keys()].filter((i) => buffers[i]?.place === 'tangent'))
  code.forEach((instruction, at) => {
    const { reads, writes } = operandsOf(instruction)
    const isLate = (instruction.op === 'lookup' && instruction.plane === 'tangent') || reads.some(({ buffer }) => late.has(buffer))
    if (isLate !== at >= cut) fail(`instruction ${at} (${instruction.op}) is of the ${isLate ? 'second' : 'first'} phase, but the cut is ${cut}`)
    if (!isLate) return
    if (instruction.op === 'lookup_grad') fail(`instruction ${at} (lookup_grad) makes a gradient in the second phase`)
    for (const { buffer } of writes) {
      if (buffers[buffer]?.place === 'gradient') fail(`instruction ${at} (${instruction.op}) writes gradient buffer ${buffer} in the second phase`)
      late.add(buffer)
    }
  })
}

function checkDtypes(program: Program, instruction: Instruction, where: string, fail: Fail): void {
  const { reads, writes } = operandsOf(instruction)
  const ids = 'ids' in instruction ? instruction.ids : -1
  for (const { buffer } of [...reads, ...writes]) {
    const wanted = buffer === ids ? 'i64' : 'f32'
    const got = program.buffers[buffer]?.dtype
    if (got !== wanted) fail(`${where}: wanted buffer ${buffer} to be ${wanted}, got ${got}`)
  }
}

/** Places that an instruction names inside what it reads. */
function checkPlaces(program: Program, instruction: Instruction, where: string, fail: Fail): void {
  if ((instruction.op === 'lookup' || instruction.op === 'lookup_grad') && program.tables[instruction.table] === undefined) {
    fail(`${where}: wanted one of ${program.tables.length} tables, got ${instruction.table}`)
  }
  if (instruction.op === 'slice' && (instruction.from < 0 || instruction.from + instruction.width > instruction.total)) {
    fail(`${where}: wanted columns inside 0..${instruction.total}, got ${instruction.from}..${instruction.from + instruction.width}`)
  }
  if (instruction.op === 'one_hot') {
    const { column, fields, rows } = instruction
    if (column < 0 || column >= fields) fail(`${where}: wanted a column of ${fields}, got ${column}`)
    if (rows.some((row, i) => i > 0 && row <= (rows[i - 1] as number))) fail(`${where}: wanted ascending rows, got ${rows.join()}`)
  }
}

function checkRegisters(chain: Elementwise, where: string, fail: Fail): void {
  const { dims, inputs, strides, steps, registers, outputs } = chain
  if (dims.length < 1 || dims.length > 4) fail(`${where}: wanted 1 to 4 dimensions, got ${dims.length}`)
  if (dims.some((size, d) => size < 0 && d > 0)) fail(`${where}: wanted the batch outermost, got [${dims.join(', ')}]`)
  if (strides.length !== inputs.length || strides.some((s) => s.length !== dims.length || s.some((stride) => stride < 0))) {
    fail(`${where}: wanted one stride per input and dimension`)
  }
  if (outputs.length === 0) fail(`${where} writes nothing`)
  const set = new Set(inputs.keys())
  for (const { f, a, b, to, value } of steps) {
    if (!Number.isFinite(value)) fail(`${where}: wanted a finite number in ${f}, got ${value}`)
    const uses = f === 'constant' ? [] : BINARY.has(f) ? [a, b] : [a]
    for (const register of uses) if (!set.has(register)) fail(`${where}: ${f} reads register ${register} before it is written`)
    if (to < inputs.length || to >= registers) fail(`${where}: wanted a register from ${inputs.length} to ${registers - 1}, got ${to}`)
    set.add(to)
  }
  for (const { register } of outputs) if (!set.has(register)) fail(`${where}: output register ${register} is never written`)
}

function checkArena(program: Program, lives: readonly Life[], fail: Fail): void {
  const arena = program.buffers.flatMap((buffer, i) => (buffer.place === 'arena' && (lives[i] as Life).born >= 0 ? [i] : []))
  for (const i of arena) {
    for (const j of arena) {
      if (i >= j || !sharesBytes(program, i, j)) continue
      const [first, second] = (lives[i] as Life).born <= (lives[j] as Life).born ? [i, j] : [j, i]
      const died = (lives[first] as Life).dies
      const born = (lives[second] as Life).born
      if (died < born) continue
      if (died > born || (lives[first] as Life).born === born || !handsOver(program, first, second, born)) {
        fail(`buffers ${first} and ${second} are alive together at instruction ${born} in the same bytes of the arena`)
      }
    }
  }
}

function sharesBytes(program: Program, i: number, j: number): boolean {
  const [a, b] = [program.buffers[i] as Buffer, program.buffers[j] as Buffer]
  const [from, other] = [a.offset ?? 0, b.offset ?? 0]
  return from < other + bytesOf(b, program.maxBatch) && other < from + bytesOf(a, program.maxBatch)
}

/** Instruction `at` reads `from` for the last time and writes `to` over it: allowed when it goes element by element. */
function handsOver(program: Program, from: number, to: number, at: number): boolean {
  const [a, b] = [program.buffers[from] as Buffer, program.buffers[to] as Buffer]
  const { reads } = operandsOf(program.code[at] as Instruction)
  return a.offset === b.offset && sameExtent(a, b) && reads.every((read) => read.buffer !== from || read.inPlace)
}

function bufferAt(program: Program, buffer: number, where: string, fail: Fail): Buffer {
  return program.buffers[buffer] ?? fail(`${where} names buffer ${buffer} of ${program.buffers.length}`)
}

function guarded<T>(work: () => T, where: string, fail: Fail): T {
  try {
    return work()
  } catch (error) {
    return fail(`${where}: ${(error as Error).message}`)
  }
}

function extent({ batch, inner }: { batch: boolean; inner: number }): string {
  return batch ? `B × ${inner}` : `${inner}`
}
