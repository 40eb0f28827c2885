/**
 * An event as TensorBoard's files hold it: the message Event with TensorFlow's public field numbers (event.proto, summary.proto), framed as a
 * TFRecord: u64 length, masked CRC-32C of the length, the message, masked CRC-32C of the message; little-endian.
 */
import protobuf from 'protobufjs'

export interface TensorboardEvent {
  /** Seconds since 1970. */
  wallTime: number
  step?: number
  /** Of the first event of a file. */
  fileVersion?: 'brain.Event:2'
  summary?: { value: SummaryValue[] }
  /** Readers drop what they have of this step and later ones. */
  sessionLog?: { status: typeof sessionStart }
}

export type SummaryValue = { tag: string; simpleValue: number } | { tag: string; image: SummaryImage; metadata: ImageMetadata }

export interface ImageMetadata {
  /** Who shows it. */
  pluginData: { pluginName: 'images' }
  /** Shown beside it, Markdown. */
  summaryDescription: string
}

/** colorspace 3: RGB. */
export interface SummaryImage {
  height: number
  width: number
  colorspace: 3
  /** A PNG. */
  encodedImageString: Uint8Array
}

export const sessionStart = 1

type Fields = Record<string, { type: string; id: number; rule?: 'repeated' }>
const message = (fields: Fields) => ({ fields })
const one = (type: string, id: number) => ({ type, id })

const schema = protobuf.Root.fromJSON({
  nested: {
    Event: message({
      wallTime: one('double', 1),
      step: one('int64', 2),
      fileVersion: one('string', 3),
      summary: one('Summary', 5),
      sessionLog: one('SessionLog', 7),
    }),
    Summary: message({ value: { ...one('Value', 1), rule: 'repeated' } }),
    Value: message({ tag: one('string', 1), simpleValue: one('float', 2), image: one('Image', 4), metadata: one('Metadata', 9) }),
    Image: message({ height: one('int32', 1), width: one('int32', 2), colorspace: one('int32', 3), encodedImageString: one('bytes', 4) }),
    Metadata: message({ pluginData: one('PluginData', 1), summaryDescription: one('string', 3) }),
    PluginData: message({ pluginName: one('string', 1) }),
    SessionLog: message({ status: one('int32', 1) }),
  },
})
const Event = schema.lookupType('Event')

export function eventRecord(event: TensorboardEvent): Buffer {
  const data = Event.encode(event).finish()
  const record = Buffer.alloc(12 + data.length + 4)
  record.writeBigUInt64LE(BigInt(data.length), 0)
  record.writeUInt32LE(maskedCrc32c(record.subarray(0, 8)), 8)
  record.set(data, 12)
  record.writeUInt32LE(maskedCrc32c(data), 12 + data.length)
  return record
}

/** Castagnoli's polynomial, reflected: remainders of all bytes. */
const remainders = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (0x82f63b78 & -(crc & 1))
  return crc
})

/** TFRecord turns and shifts a sum, so that a sum over bytes that hold sums stays a good one. */
function maskedCrc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff
  for (let i = 0; i < bytes.length; i++) crc = (crc >>> 8) ^ remainders[(crc ^ bytes[i]!) & 255]!
  crc = ~crc >>> 0
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0
}
