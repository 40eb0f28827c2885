/** Runs ONNX models by onnxruntime-node, which is an optional dependency: null where it is not installed. */
import type { InferenceSession } from 'onnxruntime-node'
import type { OnnxFile } from '../model/onnx.js'

export type Runtime = typeof import('onnxruntime-node')

export async function loadRuntime(): Promise<Runtime | null> {
  try {
    return await import('onnxruntime-node')
  } catch {
    return null
  }
}

export interface Feed {
  readonly shape: readonly number[]
  readonly data: Float32Array | BigInt64Array
}

export async function openModel(runtime: Runtime, model: string | Uint8Array): Promise<InferenceSession> {
  const options = { intraOpNumThreads: 1, logSeverityLevel: 3 } as const
  return typeof model === 'string' ? runtime.InferenceSession.create(model, options) : runtime.InferenceSession.create(model, options)
}

/** Outputs by name. */
export async function runModel(runtime: Runtime, session: InferenceSession, feeds: ReadonlyMap<string, Feed>): Promise<Record<string, Float32Array>> {
  const tensors = [...feeds].map(([name, { shape, data }]) => [
    name,
    data instanceof BigInt64Array ? new runtime.Tensor('int64', data, [...shape]) : new runtime.Tensor('float32', data, [...shape]),
  ])
  const results = await session.run(Object.fromEntries(tensors))
  return Object.fromEntries(Object.entries(results).map(([name, tensor]) => [name, tensor.data as Float32Array]))
}

/** A model file in memory, its weights from `weight`. */
export function assemble({ pieces }: OnnxFile, weight: (name: string) => Float32Array): Uint8Array {
  const parts = pieces.map((piece) => {
    if (piece instanceof Uint8Array) return piece
    const numbers = weight(piece.name)
    return new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength)
  })
  return new Uint8Array(Buffer.concat(parts))
}
