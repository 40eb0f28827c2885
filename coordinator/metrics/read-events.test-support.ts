/**
 * Reads files of TensorBoard's events as its own EventAccumulator does, and shares nothing with our writer: framing and messages are walked by
 * hand, sums are taken bit by bit, pictures are inflated. The first file is read first; an event that starts a session takes back what came of
 * its step and later ones.
 */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { inflateSync } from 'node:zlib'

export interface ReadEvents {
  /** By tag: [wall time, step, value]. */
  scalars: Record<string, [number, number, number][]>
  /** By tag. */
  images: Record<string, ReadImage[]>
  /** By tag: what a picture is said to be. */
  descriptions: Record<string, string>
}

export interface ReadImage {
  step: number
  width: number
  height: number
  /** RGB, row after row. */
  pixels: Buffer
}

export function readEvents(directory: string): ReadEvents {
  const all: ReadEvents = { scalars: {}, images: {}, descriptions: {} }
  for (const name of readdirSync(directory).sort()) for (const event of records(readFileSync(join(directory, name)))) addEvent(all, event)
  return all
}

/** As test/reference/tensorboard-events.json holds what EventAccumulator read: pictures by their size and the hash of their pixels. */
export function summarise({ scalars, images, descriptions }: ReadEvents) {
  const seen = (tag: string) =>
    images[tag]!.map(({ step, width, height, pixels }) => [step, width, height, createHash('sha256').update(pixels).digest('hex')])
  return { scalars, images: Object.fromEntries(Object.keys(images).map((tag) => [tag, seen(tag)])), descriptions }
}

function addEvent(all: ReadEvents, bytes: Buffer) {
  const event = fields(bytes)
  const wallTime = event.get(1)![0]!.readDoubleLE()
  const step = number(event.get(2)?.[0])
  const session = event.get(7)?.[0]
  if (session !== undefined && number(fields(session).get(1)?.[0]) === 1) {
    for (const [tag, points] of Object.entries(all.scalars)) all.scalars[tag] = points.filter(([, of]) => of < step)
    for (const [tag, points] of Object.entries(all.images)) all.images[tag] = points.filter((image) => image.step < step)
  }
  for (const value of fields(event.get(5)?.[0] ?? Buffer.alloc(0)).get(1) ?? []) {
    const of = fields(value)
    const tag = of.get(1)![0]!.toString()
    const [scalar, image, metadata] = [of.get(2)?.[0], of.get(4)?.[0], of.get(9)?.[0]]
    if (scalar !== undefined) all.scalars[tag] = [...(all.scalars[tag] ?? []), [wallTime, step, scalar.readFloatLE()]]
    if (image !== undefined) all.images[tag] = [...(all.images[tag] ?? []), { step, ...readImage(image) }]
    if (metadata !== undefined) all.descriptions[tag] = fields(metadata).get(3)![0]!.toString()
  }
}

function readImage(bytes: Buffer): Omit<ReadImage, 'step'> {
  const of = fields(bytes)
  const [height, width, colorspace] = [1, 2, 3].map((id) => number(of.get(id)?.[0])) as [number, number, number]
  const png = of.get(4)![0]!
  if (colorspace !== 3 || png.readUInt32BE(16) !== width || png.readUInt32BE(20) !== height) throw new Error('the PNG is not what the event says')
  const data: Buffer[] = []
  for (let at = 8; at < png.length; at += 12 + png.readUInt32BE(at))
    if (png.toString('latin1', at + 4, at + 8) === 'IDAT') data.push(png.subarray(at + 8, at + 8 + png.readUInt32BE(at)))
  const lines = inflateSync(Buffer.concat(data))
  const rows = Array.from({ length: height }, (_, y) => {
    const line = lines.subarray(y * (3 * width + 1), (y + 1) * (3 * width + 1))
    if (line[0] !== 0) throw new Error('only lines without a filter are read here')
    return line.subarray(1)
  })
  return { width, height, pixels: Buffer.concat(rows) }
}

/** Messages of a file of TFRecords, once both sums of each agree; half a record at the end is what a process that died leaves. */
export function* records(file: Buffer): Generator<Buffer> {
  for (let at = 0; at + 12 <= file.length; ) {
    const length = Number(file.readBigUInt64LE(at))
    if (at + 16 + length > file.length) return
    const data = file.subarray(at + 12, at + 12 + length)
    const [head, body] = [file.readUInt32LE(at + 8), file.readUInt32LE(at + 12 + length)]
    if (head !== mask(crc32c(file.subarray(at, at + 8))) || body !== mask(crc32c(data))) throw new Error(`sums of the record at ${at} are wrong`)
    yield data
    at += 16 + length
  }
}

/** CRC-32C by polynomial division, the most significant bit first, on reflected bytes. Of "123456789" it is e3069283 (RFC 3720, B.4). */
export function crc32c(bytes: Uint8Array): number {
  const reflect = (value: number, bits: number) => {
    let turned = 0
    for (let bit = 0; bit < bits; bit++) if (value & (1 << bit)) turned |= 1 << (bits - 1 - bit)
    return turned >>> 0
  }
  let rest = 0xffffffff
  for (const byte of bytes) {
    rest = (rest ^ (reflect(byte, 8) << 24)) >>> 0
    for (let bit = 0; bit < 8; bit++) rest = (rest & 0x80000000 ? (rest << 1) ^ 0x1edc6f41 : rest << 1) >>> 0
  }
  return ~reflect(rest, 32) >>> 0
}

const mask = (crc: number) => Number((((BigInt(crc) >> 15n) | ((BigInt(crc) << 17n) & 0xffffffffn)) + 0xa282ead8n) & 0xffffffffn)

/** Values of a message by field: a varint's own bytes, four or eight bytes, or what is counted by a length. */
function fields(bytes: Buffer): Map<number, Buffer[]> {
  const found = new Map<number, Buffer[]>()
  let at = 0
  const varint = () => {
    const from = at
    while (bytes[at++]! >= 128);
    return bytes.subarray(from, at)
  }
  while (at < bytes.length) {
    const key = number(varint())
    const id = key >> 3
    const value = { 0: varint, 1: () => take(8), 2: () => take(number(varint())), 5: () => take(4) }[key & 7]!()
    found.set(id, [...(found.get(id) ?? []), value])
  }
  return found

  function take(count: number): Buffer {
    at += count
    return bytes.subarray(at - count, at)
  }
}

const number = (varint: Buffer | undefined) => Number([...(varint ?? [])].reduce((sum, byte, i) => sum + (BigInt(byte & 127) << BigInt(7 * i)), 0n))
