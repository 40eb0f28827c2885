/** controller.safetensors of a checkpoint: phi and its Adam state, as "controller", "controller.m" and "controller.v". The coordinator writes it. */
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { configError } from '../errors.js'
import { layoutSafetensors, readSafetensorsLayout } from './safetensors.js'

export const controllerFile = 'controller.safetensors'

export interface ControllerTensors {
  readonly phi: Float32Array
  readonly m: Float32Array
  readonly v: Float32Array
}

const names = { phi: 'controller', m: 'controller.m', v: 'controller.v' } as const
const parts = Object.entries(names) as [keyof ControllerTensors, string][]

export function encodeController(tensors: ControllerTensors): Uint8Array {
  const layout = layoutSafetensors(parts.map(([part, name]) => ({ name, shape: [tensors[part].length] })))
  const bytes = new Uint8Array(layout.fileBytes)
  bytes.set(layout.header)
  for (const [part, name] of parts) {
    const { buffer, byteOffset, byteLength } = tensors[part]
    bytes.set(new Uint8Array(buffer, byteOffset, byteLength), layout.tensors.get(name)!.offset)
  }
  return bytes
}

/** Of a checkpoint's directory. Config error no-controller-file when that run had none; the file was verified with its checkpoint. */
export async function readController(directory: string): Promise<ControllerTensors> {
  const path = join(directory, controllerFile)
  const file = await open(path).catch(() => {
    throw configError('no-controller-file', `[controller] wanted ${path}, found none: the run did not learn how to mix its losses`)
  })
  try {
    const { tensors } = await readSafetensorsLayout(file, path)
    const bytes = await file.readFile()
    const read = (name: string) => {
      const place = tensors.get(name)
      if (place === undefined) throw configError('no-controller-file', `[controller] ${path}: wanted a tensor ${name}, found none`)
      const from = bytes.byteOffset + place.offset
      return new Float32Array(bytes.buffer.slice(from, from + place.bytes))
    }
    return { phi: read(names.phi), m: read(names.m), v: read(names.v) }
  } finally {
    await file.close()
  }
}
