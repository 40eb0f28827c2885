/** Checkpoints of the run as bytes that workers put and get. At most one is being written at a time. */
import { type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'
import { type CheckpointFiles, CheckpointWriter, replaceManifest } from '../common/checkpoint/checkpoint-writer.js'
import { loadCheckpoint, removeOldCheckpoints } from '../common/checkpoint/list-checkpoints.js'
import type { Manifest } from '../common/checkpoint/manifest.js'
import { layoutSafetensors, readSafetensorsLayout, type TensorSpec } from '../common/checkpoint/safetensors.js'
import { brokenError } from '../common/errors.js'

export interface TensorChunk {
  tensor: string
  offset: number
  data: Buffer
}

export class CheckpointStore {
  readonly directory: string
  private readonly files: CheckpointFiles | undefined
  private writer: CheckpointWriter | undefined

  constructor(directory: string, files?: CheckpointFiles) {
    this.directory = directory
    this.files = files
  }

  /** Opens step-… for writing; `put` delivers the bytes of `name`; `beside`: whole files of this side. Any failure of it removes what was written. */
  async write(
    step: number,
    tensors: readonly TensorSpec[],
    manifest: Omit<Manifest, 'files'>,
    put: (name: string) => Promise<unknown>,
    keep: number,
    beside: Record<string, Uint8Array> = {},
  ) {
    const writer = await CheckpointWriter.open(this.directory, step, layoutSafetensors(tensors), this.files)
    this.writer = writer
    try {
      await put(writer.name)
      const path = await writer.finish(manifest, beside)
      await removeOldCheckpoints(this.directory, keep)
      return { name: writer.name, path }
    } catch (error) {
      await writer.abort()
      throw error
    } finally {
      this.writer = undefined
    }
  }

  async putChunk(name: string, { tensor, offset, data }: TensorChunk): Promise<void> {
    if (this.writer?.name !== name)
      throw brokenError('checkpoint-unknown', `[state] wanted bytes of ${this.writer?.name ?? 'no checkpoint'}, got ${name}`)
    // An empty first chunk only names the checkpoint.
    if (data.length > 0) await this.writer.write(tensor, offset, data)
  }

  /** The bytes of a whole checkpoint, which was verified when it was chosen. */
  async *chunks(name: string, chunkBytes: number): AsyncGenerator<TensorChunk> {
    const file = await this.openState(name)
    try {
      const layout = await readSafetensorsLayout(file, name)
      for (const [tensor, place] of layout.tensors)
        for (let offset = 0; offset < place.bytes; offset += chunkBytes)
          yield { tensor, offset, data: await readExactly(file, place.offset + offset, Math.min(chunkBytes, place.bytes - offset)) }
    } finally {
      await file.close()
    }
  }

  /** Bytes of one tensor. */
  async read(name: string, tensor: string, offset: number, bytes: number): Promise<Uint8Array> {
    const file = await this.openState(name)
    try {
      const place = (await readSafetensorsLayout(file, name)).tensors.get(tensor)
      if (place === undefined || offset + bytes > place.bytes)
        throw brokenError(
          'tensor-missing',
          `[state] wanted ${bytes} bytes of ${tensor} at ${offset} in ${name}, got a tensor of ${place?.bytes ?? 0}`,
        )
      return await readExactly(file, place.offset + offset, bytes)
    } finally {
      await file.close()
    }
  }

  /** The step had been saved before it turned out to end its epoch: only the manifest changes. */
  async closeEpoch(name: string, manifest: Omit<Manifest, 'files'>): Promise<void> {
    const { directory, manifest: old } = await loadCheckpoint(this.directory, name)
    await replaceManifest(directory, { ...manifest, files: old.files }, this.files)
  }

  private openState(name: string): Promise<FileHandle> {
    if (!/^step-\d+$/.test(name)) throw brokenError('checkpoint-name', `[state] wanted step-…, got ${JSON.stringify(name)}`)
    return open(join(this.directory, name, 'state.safetensors'))
  }
}

async function readExactly(file: FileHandle, position: number, bytes: number): Promise<Buffer> {
  const buffer = Buffer.from(new ArrayBuffer(bytes))
  for (let done = 0; done < bytes; ) {
    const { bytesRead } = await file.read(buffer, done, bytes - done, position + done)
    if (bytesRead === 0) throw brokenError('state-short', `[state] wanted ${bytes} bytes at ${position}, got ${done}`)
    done += bytesRead
  }
  return buffer
}
