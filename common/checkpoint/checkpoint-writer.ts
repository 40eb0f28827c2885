/**
 * Writes one checkpoint aside (step-….partial), byte ranges in any order, then hashes, fsyncs and renames it: a checkpoint is whole or absent.
 * Any failure leaves nothing behind; a full disk is an error of its own.
 */
import * as fs from 'node:fs/promises'
import { join } from 'node:path'
import { brokenError, type LossmithError, transientError } from '../errors.js'
import { hashFile, type Manifest, manifestText } from './manifest.js'
import type { SafetensorsLayout } from './safetensors.js'

/** The part of node:fs/promises that is used here, so that a test can let it fail. */
export type CheckpointFiles = Pick<typeof fs, 'open' | 'mkdir' | 'rm' | 'rename'>

export const checkpointName = (step: number) => `step-${String(step).padStart(8, '0')}`

export class CheckpointWriter {
  readonly name: string
  private written = 0
  private readonly parent: string
  private readonly layout: SafetensorsLayout
  private readonly files: CheckpointFiles
  private readonly state: fs.FileHandle

  private constructor(parent: string, name: string, layout: SafetensorsLayout, files: CheckpointFiles, state: fs.FileHandle) {
    this.name = name
    this.parent = parent
    this.layout = layout
    this.files = files
    this.state = state
  }

  static async open(parent: string, step: number, layout: SafetensorsLayout, files: CheckpointFiles = fs): Promise<CheckpointWriter> {
    const name = checkpointName(step)
    const partial = join(parent, `${name}.partial`)
    let state: fs.FileHandle | undefined
    try {
      await files.rm(partial, { recursive: true, force: true })
      await files.mkdir(partial, { recursive: true })
      state = await files.open(join(partial, 'state.safetensors'), 'w')
      await writeAll(state, layout.header, 0)
    } catch (error) {
      await state?.close().catch(() => undefined)
      await files.rm(partial, { recursive: true, force: true }).catch(() => undefined)
      throw diskError(partial, error)
    }
    return new CheckpointWriter(parent, name, layout, files, state)
  }

  /** `offset` is within the tensor. Ranges must not overlap. */
  async write(tensor: string, offset: number, data: Uint8Array): Promise<void> {
    const place = this.layout.tensors.get(tensor)
    if (place === undefined || offset < 0 || offset + data.length > place.bytes)
      throw brokenError(
        'state-range',
        `[checkpoint] wanted a range of ${tensor} within ${place?.bytes ?? 'a known tensor'}, got ${offset}+${data.length}`,
      )
    await writeAll(this.state, data, place.offset + offset).catch((error) => {
      throw diskError(this.partial, error)
    })
    this.written += data.length
  }

  /** Ends the checkpoint; resolves with its directory once it is on the disk under its own name. `beside`: whole files, by name. */
  async finish(manifest: Omit<Manifest, 'files'>, beside: Record<string, Uint8Array> = {}): Promise<string> {
    const wanted = this.layout.fileBytes - this.layout.header.length
    if (this.written !== wanted)
      throw brokenError('state-incomplete', `[checkpoint] ${this.name}: wanted ${wanted} bytes of state, got ${this.written}`)
    const target = join(this.parent, this.name)
    try {
      await this.state.sync()
      await this.state.close()
      const files = { 'state.safetensors': await hashFile(join(this.partial, 'state.safetensors')) } as Manifest['files']
      for (const [name, bytes] of Object.entries(beside)) {
        await writeSynced(this.files, join(this.partial, name), bytes)
        files[name] = await hashFile(join(this.partial, name))
      }
      await writeSynced(this.files, join(this.partial, 'manifest.json'), Buffer.from(manifestText({ ...manifest, files })))
      await syncDirectory(this.files, this.partial)
      await this.files.rm(target, { recursive: true, force: true })
      await this.files.rename(this.partial, target)
      await syncDirectory(this.files, this.parent)
    } catch (error) {
      throw diskError(this.partial, error)
    }
    return target
  }

  /** Removes what was written so far. */
  async abort(): Promise<void> {
    await this.state.close().catch(() => undefined)
    await this.files.rm(this.partial, { recursive: true, force: true })
  }

  private get partial() {
    return join(this.parent, `${this.name}.partial`)
  }
}

/** Replaces the manifest of a whole checkpoint: the state stays, what is known about it has grown (the epoch turned out to be done). */
export async function replaceManifest(directory: string, manifest: Manifest, files: CheckpointFiles = fs): Promise<void> {
  const aside = join(directory, 'manifest.json.partial')
  try {
    await writeSynced(files, aside, Buffer.from(manifestText(manifest)))
    await files.rename(aside, join(directory, 'manifest.json'))
    await syncDirectory(files, directory)
  } catch (error) {
    await files.rm(aside, { force: true }).catch(() => undefined)
    throw diskError(directory, error)
  }
}

export function diskError(path: string, error: unknown): LossmithError {
  const { code, message } = error as NodeJS.ErrnoException
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return transientError('disk-full', `[disk] ${path}: wanted room to write, got ${code}; free some space and resume the run`)
  return transientError('disk-write', `[disk] ${path}: wanted to write, got ${message}`)
}

async function writeAll(file: fs.FileHandle, data: Uint8Array, position: number) {
  for (let done = 0; done < data.length; ) done += (await file.write(data, done, data.length - done, position + done)).bytesWritten
}

async function writeSynced(files: CheckpointFiles, path: string, bytes: Uint8Array) {
  const file = await files.open(path, 'w')
  try {
    await writeAll(file, bytes, 0)
    await file.sync()
  } finally {
    await file.close()
  }
}

async function syncDirectory(files: CheckpointFiles, path: string) {
  const directory = await files.open(path, 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}
