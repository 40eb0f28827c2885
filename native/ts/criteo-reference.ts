/**
 * A plain reader of Criteo logs, the reference that the native one is compared with: whole texts in memory, a string per cell, hashes in
 * BigInt, tokens as in the PyTorch reference. Texts are latin1 strings: one character a byte. Also makes logs to compare on.
 */
import type { FeaturePlan } from '../../common/job/features.js'

export interface ReferenceLine {
  /** From 1. */
  line: number
  /** What a reason must hold when the line is malformed, null when it is a row. */
  reject: string | null
  label: number
  ids: bigint[]
  numbers: number[]
  values: (bigint | null)[]
  categoryKeys: bigint[]
}

/** `kept`: the vocabulary; absent: every value. */
export function readReference(text: string, features: FeaturePlan, kept?: ReadonlySet<bigint>): ReferenceLine[] {
  const lines = text.split('\n')
  if (lines.at(-1) === '') lines.pop()
  return lines.map((line, i) => referenceLine(line.replace(/\r$/, ''), i + 1, features, kept))
}

function referenceLine(text: string, line: number, features: FeaturePlan, kept?: ReadonlySet<bigint>): ReferenceLine {
  const row: ReferenceLine = { line, reject: null, label: 0, ids: [], numbers: [], values: [], categoryKeys: [] }
  const cells = text.split('\t')
  if (text.length > features.maxLineBytes) return { ...row, reject: `at most ${features.maxLineBytes} bytes` }
  if (cells.length !== 40) return { ...row, reject: `wanted 40 columns, got ${cells.length}` }
  if (cells[0] !== '0' && cells[0] !== '1') return { ...row, reject: 'label: wanted 0 or 1' }
  row.label = Number(cells[0])
  for (let j = 0; j < 13; j++) {
    const cell = cells[1 + j]!
    if (cell !== '' && !/^-?[0-9]+$/.test(cell)) return { ...row, reject: `I${j + 1}: wanted an integer, got` }
    const value = cell === '' ? null : BigInt(cell)
    if (value !== null && value !== BigInt.asIntN(64, value)) return { ...row, reject: `I${j + 1}: wanted an integer of 64 bits` }
    row.values.push(value)
  }
  row.categoryKeys = cells.slice(14).map((cell, j) => xxh64(Buffer.from(cell, 'latin1'), BigInt(13 + j)))
  const { numbers } = features
  for (const [j, value] of row.values.entries()) {
    if (numbers.as === 'log-bins') {
      row.ids.push(xxh64(Buffer.from(numberToken(value)), BigInt(j)) % BigInt(features.rows))
    } else {
      const x = Math.log(1 + Math.max(Number(value ?? 0n), 0))
      row.numbers.push(value === null ? 0 : (x - (numbers.means?.[j] ?? 0)) / (numbers.deviations?.[j] ?? 1))
    }
  }
  for (const [j, key] of row.categoryKeys.entries()) {
    const known = kept === undefined || kept.has(key) ? key : xxh64(Buffer.from('\tRARE'), BigInt(13 + j))
    row.ids.push(known % BigInt(features.rows))
  }
  return row
}

/** criteo_quality_torch.py: "NA" if x is None else str(int(math.log(x) ** 2)) if x > 2 else f"S{x}" */
export function numberToken(value: bigint | null): string {
  if (value === null) return 'NA'
  return value > 2n ? String(Math.floor(Math.log(Number(value)) ** 2)) : `S${value}`
}

/** XXH64 after its specification, one byte at a time. */
export function xxh64(bytes: Uint8Array, seed: bigint): bigint {
  const [p1, p2, p3, p4, p5] = [0x9e3779b185ebca87n, 0xc2b2ae3d27d4eb4fn, 0x165667b19e3779f9n, 0x85ebca77c2b2ae63n, 0x27d4eb2f165667c5n]
  const word = (x: bigint) => BigInt.asUintN(64, x)
  const rotate = (x: bigint, by: bigint) => word((x << by) | (x >> (64n - by)))
  const round = (sum: bigint, lane: bigint) => word(rotate(word(sum + lane * p2), 31n) * p1)
  let at = 0
  const read = (size: number) => {
    let value = 0n
    for (let i = size - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[at + i]!)
    at += size
    return value
  }
  let hash = word(seed + p5)
  if (bytes.length >= 32) {
    let sums = [seed + p1 + p2, seed + p2, seed, seed - p1].map(word)
    while (bytes.length - at >= 32) sums = sums.map((sum) => round(sum, read(8)))
    const [a, b, c, d] = sums as [bigint, bigint, bigint, bigint]
    hash = word(rotate(a, 1n) + rotate(b, 7n) + rotate(c, 12n) + rotate(d, 18n))
    for (const sum of sums) hash = word((hash ^ round(0n, sum)) * p1 + p4)
  }
  hash = word(hash + BigInt(bytes.length))
  while (bytes.length - at >= 8) hash = word(rotate(hash ^ round(0n, read(8)), 27n) * p1 + p4)
  if (bytes.length - at >= 4) hash = word(rotate(hash ^ word(read(4) * p1), 23n) * p2 + p3)
  while (bytes.length > at) hash = word(rotate(hash ^ word(read(1) * p5), 11n) * p1)
  hash = word((hash ^ (hash >> 33n)) * p2)
  hash = word((hash ^ (hash >> 29n)) * p3)
  return hash ^ (hash >> 32n)
}

export interface LogOptions {
  rows: number
  seed: number
  /** Line ends; 'mixed' draws one per line. */
  ending?: '\n' | '\r\n' | 'mixed'
  /** Share of malformed lines. */
  malformed?: number
  /** Malformed lines may be longer than this. */
  longerThan?: number
  finalEnding?: boolean
}

/** A log of random content: any bytes in categories, extremes in numbers, every kind of malformed line. latin1. */
export function randomLog({ rows, seed, ending = '\n', malformed = 0, longerThan = 4096, finalEnding = true }: LogOptions): string {
  const draw = mulberry32(seed)
  const pick = <T>(choices: readonly T[]): T => choices[Math.floor(draw() * choices.length)]!
  const bytes = () => Array.from({ length: Math.floor(draw() * 70) }, () => String.fromCharCode(14 + Math.floor(draw() * 242))).join('')
  const integers = ['', '0', '1', '2', '3', '-1', '-7', '17', '181', '1382', '007', '9223372036854775807', '-9223372036854775808']
  const integer = () => (draw() < 0.5 ? pick(integers) : String(Math.floor(10 ** (draw() * 15))))
  const category = () => (draw() < 0.8 ? pick(['', '68fd1e64', '80e26c9b', 'RARE', `v${Math.floor(draw() * 40)}`]) : bytes())
  const cells = () => [pick(['0', '1']), ...Array.from({ length: 13 }, integer), ...Array.from({ length: 26 }, category)]
  const breakers: ((row: string[]) => string)[] = [
    (row) => row.slice(0, 39).join('\t'),
    (row) => [...row, 'x'].join('\t'),
    () => '',
    (row) => row.with(0, pick(['2', '', '01', ' 1', '-1', 'label'])).join('\t'),
    (row) =>
      row.with(1 + Math.floor(draw() * 13), pick(['abc', '1.5', '-', '+3', '1 ', '0x1', '9223372036854775808', '-9223372036854775809'])).join('\t'),
    (row) => row.with(39, 'y'.repeat(Math.floor(longerThan * (1 + 60 * draw())))).join('\t'),
  ]
  let text = ''
  for (let i = 0; i < rows; i++) {
    const line = draw() < malformed ? pick(breakers)(cells()) : cells().join('\t')
    text += line + (i + 1 < rows || finalEnding ? (ending === 'mixed' ? pick(['\n', '\r\n']) : ending) : '')
  }
  return text
}

export function mulberry32(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let x = Math.imul(state ^ (state >>> 15), 1 | state)
    x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32
  }
}
