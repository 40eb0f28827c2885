/**
 * Counts of values and moments of numbers, gathered in as many parts as the job has lanes whatever the workers are, merged in the order of
 * parts: integer counts, and float64 sums that add up in one fixed order. Layouts: docs/architecture.md.
 */
import { brokenError } from '../common/errors.js'

export interface Counts {
  /** By number column. */
  moments: { count: number; sum: number; squares: number }[]
  /** Ascending, no key twice. */
  keys: BigUint64Array
  counts: BigUint64Array
}

export function readCounts(bytes: Buffer, name: string): Counts {
  const wantAtLeast = (size: number) => {
    if (bytes.length < size) throw brokenError('counts-size', `[counts] ${name}: wanted ${size} bytes or more, got ${bytes.length}`)
  }
  wantAtLeast(8)
  const columns = Number(bytes.readBigUInt64LE(0))
  const keysAt = 8 + columns * 24
  wantAtLeast(keysAt + 8)
  const moments = Array.from({ length: columns }, (_, column) => {
    const at = 8 + column * 24
    return { count: bytes.readDoubleLE(at), sum: bytes.readDoubleLE(at + 8), squares: bytes.readDoubleLE(at + 16) }
  })
  const size = Number(bytes.readBigUInt64LE(keysAt))
  const wanted = keysAt + 8 + size * 16
  if (bytes.length !== wanted) throw brokenError('counts-size', `[counts] ${name}: wanted ${wanted} bytes for ${size} keys, got ${bytes.length}`)
  return { moments, keys: readUint64(bytes, keysAt + 8, size), counts: readUint64(bytes, keysAt + 8 + size * 8, size) }
}

export function addCounts(a: Counts, b: Counts): Counts {
  const keys = new BigUint64Array(a.keys.length + b.keys.length)
  const counts = new BigUint64Array(keys.length)
  let size = 0
  for (let i = 0, j = 0; i < a.keys.length || j < b.keys.length; size++) {
    const left = i < a.keys.length && (j === b.keys.length || a.keys[i]! <= b.keys[j]!)
    const right = j < b.keys.length && (i === a.keys.length || b.keys[j]! <= a.keys[i]!)
    keys[size] = left ? a.keys[i]! : b.keys[j]!
    counts[size] = (left ? a.counts[i++]! : 0n) + (right ? b.counts[j++]! : 0n)
  }
  const moments = Array.from({ length: Math.max(a.moments.length, b.moments.length) }, (_, column) => {
    const [x, y] = [a.moments[column] ?? none, b.moments[column] ?? none]
    return { count: x.count + y.count, sum: x.sum + y.sum, squares: x.squares + y.squares }
  })
  return { moments, keys: keys.slice(0, size), counts: counts.slice(0, size) }
}

/** The vocabulary artifact: keys seen at least `minCount` times, ascending. */
export function keepFrequent({ keys, counts }: Counts, minCount: number): Buffer {
  const kept = keys.filter((_, i) => counts[i]! >= BigInt(minCount))
  const bytes = Buffer.alloc(8 + kept.length * 8)
  bytes.writeBigUInt64LE(BigInt(kept.length))
  for (let i = 0; i < kept.length; i++) bytes.writeBigUInt64LE(kept[i]!, 8 + i * 8)
  return bytes
}

/**
 * Mean and (population) deviation by column. A column without spread gets deviation 1: what the rounding of the sums leaves of its variance
 * (native/engine/data/count_values.cc: x to 2^-16, x² to 2^-12) must not become a deviation, by which another value would be blown up.
 */
export function normalisation({ moments }: Counts): { means: number[]; deviations: number[] } {
  const means = moments.map(({ count, sum }) => (count > 0 ? sum / count : 0))
  const deviations = moments.map(({ count, squares }, column) => {
    const mean = means[column]!
    const variance = count > 0 ? squares / count - mean ** 2 : 0
    return variance > 2 ** -13 + mean * 2 ** -16 ? Math.sqrt(variance) : 1
  })
  return { means, deviations }
}

const none = { count: 0, sum: 0, squares: 0 }

function readUint64(bytes: Buffer, at: number, size: number): BigUint64Array {
  const values = new BigUint64Array(size)
  new Uint8Array(values.buffer).set(bytes.subarray(at, at + size * 8))
  return values
}
