/**
 * Gives every value of a draft its buffer: results in their outputs and gradients, the rest in the thread's arena, where values that
 * are never alive together share bytes and an elementwise result takes the place of an input that ends with it.
 */
import type { Buffer, Instruction, Program } from '../program.js'
import { collapse } from './chain.js'
import { type Draft, renumber } from './draft.js'
import { bytesOf, operandsOf, sameExtent } from './operands.js'

const ALIGNMENT = 64

export function placeBuffers(draft: Draft, maxBatch: number): Pick<Program, 'buffers' | 'code' | 'arenaBytes'> {
  const { values, results } = draft
  const code = draft.code.map((c) => (c.op === 'elementwise' ? collapse(c) : c))
  const lives = livesOf(code)
  const resultOf = new Map(results.map((r) => [r.value, r]))
  const inArena = [...lives.keys()].filter((value) => values[value]?.source === null && !resultOf.has(value))
  const arena = new Map(inArena.map((value): [number, Buffer] => [value, { place: 'arena', ...shapeOf(draft, value) }]))
  const { offsets, arenaBytes } = packBlocks(shareInPlace(code, lives, arena), lives, arena, maxBatch)

  const numbers = new Map<number, number>()
  const buffers: Buffer[] = []
  const bufferOf = (value: number): number => {
    const known = numbers.get(value)
    if (known !== undefined) return known
    const { source } = values[value] as Draft['values'][number]
    const shape = shapeOf(draft, value)
    const result = resultOf.get(value)
    numbers.set(value, buffers.length)
    if (source) buffers.push(source.place === 'constant' ? { ...shape, place: 'constant', values: source.values } : { ...shape, ...source })
    else if (result) buffers.push({ ...shape, place: result.place, index: result.index })
    else buffers.push({ ...shape, place: 'arena', offset: offsets.get(value) as number })
    return buffers.length - 1
  }
  return { code: code.map((c) => renumber(c, bufferOf)), buffers, arenaBytes }
}

interface Life {
  born: number
  dies: number
}

function livesOf(code: readonly Instruction[]): Map<number, Life> {
  const lives = new Map<number, Life>()
  code.forEach((instruction, at) => {
    const { reads, writes } = operandsOf(instruction)
    for (const { buffer } of [...reads, ...writes]) {
      const life = lives.get(buffer)
      if (life) life.dies = at
      else lives.set(buffer, { born: at, dies: at })
    }
  })
  return lives
}

/** Groups of values in one place, each handed over to the next by an elementwise instruction. */
function shareInPlace(code: readonly Instruction[], lives: Map<number, Life>, arena: Map<number, Buffer>): number[][] {
  const blockOf = new Map([...arena.keys()].map((value) => [value, [value]]))
  code.forEach((instruction, at) => {
    const { reads, writes } = operandsOf(instruction)
    const taken = new Set<number>()
    for (const { buffer: to } of writes) {
      const target = arena.get(to)
      if (!target) continue
      const from = reads.find(({ buffer }) => {
        const source = arena.get(buffer)
        if (!source || taken.has(buffer) || lives.get(buffer)?.dies !== at || !sameExtent(source, target)) return false
        return reads.every((read) => read.buffer !== buffer || read.inPlace)
      })?.buffer
      if (from === undefined) continue
      taken.add(from)
      const block = blockOf.get(from) as number[]
      block.push(to)
      blockOf.set(to, block)
    }
  })
  return [...new Set(blockOf.values())]
}

/** Largest block first, each at the lowest offset where nothing alive at the same time lies. */
function packBlocks(blocks: readonly (readonly number[])[], lives: Map<number, Life>, arena: Map<number, Buffer>, maxBatch: number) {
  const sized = blocks.map((block) => ({
    block,
    bytes: align(bytesOf(arena.get(block[0] as number) as Buffer, maxBatch)),
    born: Math.min(...block.map((value) => lives.get(value)?.born ?? 0)),
    dies: Math.max(...block.map((value) => lives.get(value)?.dies ?? 0)),
    offset: 0,
  }))
  const placed: typeof sized = []
  for (const next of sized.toSorted((a, b) => b.bytes - a.bytes || a.born - b.born)) {
    const alive = placed.filter((p) => p.born <= next.dies && next.born <= p.dies).sort((a, b) => a.offset - b.offset)
    for (const p of alive) if (p.offset < next.offset + next.bytes && next.offset < p.offset + p.bytes) next.offset = p.offset + p.bytes
    placed.push(next)
  }
  const offsets = new Map(placed.flatMap(({ block, offset }) => block.map((value) => [value, offset] as const)))
  return { offsets, arenaBytes: Math.max(0, ...placed.map(({ offset, bytes }) => offset + bytes)) }
}

function shapeOf({ values }: Draft, value: number): Pick<Buffer, 'dtype' | 'batch' | 'inner'> {
  const { dtype, batch, inner } = values[value] as Draft['values'][number]
  return { dtype, batch, inner }
}

const align = (bytes: number): number => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT
