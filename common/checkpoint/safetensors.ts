/**
 * The safetensors layout (github.com/huggingface/safetensors): u64 header length, a JSON header padded with spaces to 8 bytes, then the
 * tensors' bytes without gaps. Names are sorted and offsets follow from names and shapes alone, so who writes which range changes no byte.
 */
import type { FileHandle } from 'node:fs/promises'
import { brokenError } from '../errors.js'

export interface TensorSpec {
  readonly name: string
  /** float32, row-major. */
  readonly shape: readonly number[]
}

export interface SafetensorsLayout {
  readonly header: Buffer
  /** By name, in file order. `offset` is from the start of the file. */
  readonly tensors: ReadonlyMap<string, { readonly shape: readonly number[]; readonly offset: number; readonly bytes: number }>
  readonly fileBytes: number
}

export function layoutSafetensors(specs: readonly TensorSpec[]): SafetensorsLayout {
  const sorted = [...specs].sort((a, b) => (a.name < b.name ? -1 : 1))
  const entries: Record<string, { dtype: 'F32'; shape: readonly number[]; data_offsets: [number, number] }> = {}
  let end = 0
  for (const { name, shape } of sorted) {
    if (Object.hasOwn(entries, name)) throw brokenError('tensor-twice', `[safetensors] wanted each name once, got ${name} twice`)
    const bytes = 4 * shape.reduce((product, size) => product * size, 1)
    entries[name] = { dtype: 'F32', shape, data_offsets: [end, end + bytes] }
    end += bytes
  }
  const json = Buffer.from(JSON.stringify(entries))
  const header = Buffer.alloc(8 + Math.ceil(json.length / 8) * 8, ' ')
  header.writeBigUInt64LE(BigInt(header.length - 8))
  json.copy(header, 8)
  return layoutOf(header, entries, end)
}

/** Reads the header of a file of `fileBytes`; refuses one whose tensors do not fill it. */
export async function readSafetensorsLayout(file: FileHandle, path: string): Promise<SafetensorsLayout> {
  const { size } = await file.stat()
  const bad = (wanted: string, got: string) => brokenError('safetensors-header', `[safetensors] ${path}: wanted ${wanted}, got ${got}`)
  const length = Buffer.alloc(8)
  if ((await file.read(length, 0, 8, 0)).bytesRead < 8) throw bad('a header', `a file of ${size} bytes`)
  const headerBytes = 8 + Number(length.readBigUInt64LE())
  if (headerBytes > size) throw bad(`a header within ${size} bytes`, `${headerBytes} bytes`)
  const header = Buffer.alloc(headerBytes)
  await file.read(header, 0, headerBytes, 0)
  const entries = JSON.parse(header.toString('utf8', 8)) as Record<string, { shape: number[]; data_offsets: [number, number] }>
  const end = Math.max(0, ...Object.values(entries).map((entry) => entry.data_offsets[1]))
  if (headerBytes + end !== size) throw bad(`${headerBytes + end} bytes`, `${size} bytes`)
  return layoutOf(header, entries, end)
}

function layoutOf(header: Buffer, entries: Record<string, { shape: readonly number[]; data_offsets: [number, number] }>, dataBytes: number) {
  const tensors = new Map(
    Object.entries(entries).map(
      ([
        name,
        {
          shape,
          data_offsets: [from, to],
        },
      ]) => [name, { shape, offset: header.length + from, bytes: to - from }],
    ),
  )
  return { header, tensors, fileBytes: header.length + dataBytes }
}
