/**
 * Philox4x32-10 (Salmon et al., SC'11), the only source of randomness: a function of (seed, purpose, counter) without state.
 * The same functions as native/engine/philox.h, where the counters of a step's draws and of first weights are written down.
 */
import type { Init } from './graph.js'

export type PhiloxWords = readonly [number, number, number, number]
export interface PhiloxKey {
  readonly low: number
  readonly high: number
}

/** Ten rounds over a counter of four 32-bit words. */
export function philox(counter: PhiloxWords, key: PhiloxKey): PhiloxWords {
  let [c0, c1, c2, c3] = counter
  let { low, high } = key
  for (let round = 0; round < 10; round++) {
    const high0 = multiplyHigh(0xd2511f53, c0)
    const high1 = multiplyHigh(0xcd9e8d57, c2)
    const low0 = Math.imul(0xd2511f53, c0)
    c0 = (high1 ^ c1 ^ low) >>> 0
    c1 = Math.imul(0xcd9e8d57, c2) >>> 0
    c2 = (high0 ^ c3 ^ high) >>> 0
    c3 = low0 >>> 0
    low = (low + 0x9e3779b9) >>> 0
    high = (high + 0xbb67ae85) >>> 0
  }
  return [c0, c1, c2, c3]
}

/** splitmix64(seed ^ fnv1a64(purpose)), low word first. Purposes are ASCII. */
export function philoxKey(seed: bigint, purpose: string): PhiloxKey {
  const mixed = splitmix64(BigInt.asUintN(64, seed) ^ fnv1a64(purpose))
  return { low: Number(mixed & 0xffffffffn), high: Number(mixed >> 32n) }
}

/** In [0, 1), of 24 bits: exact in float32. */
export function philoxUniform(word: number): number {
  return (word >>> 8) * 2 ** -24
}

/** The counter of a step's draws: word unit % 4 belongs to `unit` of `example` in the batch of a lane. */
export function stepCounter(unit: number, example: number, { step, lane }: { readonly step: number; readonly lane: number }): PhiloxWords {
  const stepHigh = Math.floor(step / 2 ** 32) & 0xffff
  return [unit >>> 2, example, step >>> 0, (lane | (stepHigh << 16)) >>> 0]
}

/** First weights of a parameter or table, as float32: rows `from` to `from + count` of `width` columns. A vector is one row. */
export function initialRows(init: Init, seed: bigint, name: string, from: number, count: number, width: number): Float32Array {
  const key = philoxKey(seed, `init/${name}`)
  const out = new Float32Array(count * width)
  for (let r = 0; r < count; r++)
    for (let column = 0; column < width; column++) {
      const row = from + r
      const words = philox([column >>> 2, 0, row >>> 0, Math.floor(row / 2 ** 32)], key)
      out[r * width + column] = initialValue(init, words, column)
    }
  return out
}

function initialValue(init: Init, words: PhiloxWords, column: number): number {
  if (init.kind === 'zeros') return 0
  if (init.kind === 'constant') return init.value
  if (init.kind === 'uniform') return init.bound * (2 * philoxUniform(words[column & 3]!) - 1)
  const pair = column & 2
  const radius = Math.sqrt(-2 * Math.log(((words[pair]! >>> 8) + 1) * 2 ** -24))
  const angle = 2 * Math.PI * philoxUniform(words[pair + 1]!)
  return init.deviation * radius * (column & 1 ? Math.sin(angle) : Math.cos(angle))
}

/** The upper 32 bits of a 32 × 32-bit product. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff
  const aHigh = a >>> 16
  const bLow = b & 0xffff
  const bHigh = b >>> 16
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16)
  return aHigh * bHigh + Math.floor(middle / 65536) + Math.floor(((middle & 0xffff) + aLow * bHigh) / 65536)
}

function fnv1a64(text: string): bigint {
  let hash = 0xcbf29ce484222325n
  for (const byte of Buffer.from(text)) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n)
  return hash
}

function splitmix64(value: bigint): bigint {
  let x = BigInt.asUintN(64, value + 0x9e3779b97f4a7c15n)
  x = BigInt.asUintN(64, (x ^ (x >> 30n)) * 0xbf58476d1ce4e5b9n)
  x = BigInt.asUintN(64, (x ^ (x >> 27n)) * 0x94d049bb133111ebn)
  return x ^ (x >> 31n)
}
