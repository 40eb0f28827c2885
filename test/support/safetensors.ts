/** A plain reader of safetensors, independent of the product's: u64 length of the header, JSON, then the tensors at their offsets. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'

export interface StoredTensor {
  readonly shape: readonly number[]
  readonly values: Float32Array
}

export function readSafetensors(path: string): Map<string, StoredTensor> {
  const bytes = readFileSync(path)
  const start = 8 + Number(bytes.readBigUInt64LE(0))
  const header = JSON.parse(bytes.toString('utf8', 8, start)) as Record<string, { dtype: string; shape: number[]; data_offsets: [number, number] }>
  delete header.__metadata__
  return new Map(
    Object.entries(header).map(
      ([
        name,
        {
          dtype,
          shape,
          data_offsets: [from, to],
        },
      ]) => {
        assert.equal(dtype, 'F32', name)
        const values = new Float32Array((to - from) / 4)
        new Uint8Array(values.buffer).set(bytes.subarray(start + from, start + to))
        assert.equal(
          values.length,
          shape.reduce((product, size) => product * size, 1),
          name,
        )
        return [name, { shape, values }]
      },
    ),
  )
}
