/**
 * manifest.json of a checkpoint: where the run stands, and the hashes of the files beside it. It says nothing of workers, hosts or time,
 * so that the same run writes the same bytes on any number of workers.
 */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { configError } from '../errors.js'

export const manifestFormat = 2

export interface Manifest {
  format: number
  /** Last committed step. */
  step: number
  /** Epoch of that step, from 1; epochDone: all of its rows are accounted for and the next step is of the next epoch. */
  epoch: number
  epochDone: boolean
  seed: number
  planSha256: string
  /** By lane; empty when the epoch is done. */
  cursors: ManifestCursor[]
  /** By lane, of the validation examples that the controller is shown; they go on over the epochs. Empty before the first. */
  validationCursors: ManifestCursor[]
  /** Updates of the controller so far, which is in controller.safetensors; 0 without one. */
  controllerVersion: number
  /** One an epoch, the last may be under way. */
  ledger: ManifestLedger[]
  /** Bytes of the run's growing files at this commit. */
  lengths: { rejects: number; metrics: number }
  files: Record<string, { bytes: number; sha256: string }>
}

export interface ManifestCursor {
  piece: number
  offset: number
  line: number
  emitted: number
  exhausted: boolean
  /** How often a lane that begins again at its end (validation) has; 0 for lanes that train. */
  pass: number
}

export interface ManifestLedger {
  epoch: number
  read: number
  trained: number
  rejected: number
  heldOut: number
  /** heldOut = validation + test. */
  validation: number
  test: number
  /** Validation examples that the controller was shown: some more than once, none of them trained on. */
  drawn: number
  balanced: boolean
}

/** The last key, `check`, is the SHA-256 of the JSON of all others. */
export function manifestText(manifest: Manifest): string {
  const check = createHash('sha256').update(JSON.stringify(manifest)).digest('hex')
  return `${JSON.stringify({ ...manifest, check }, undefined, 1)}\n`
}

/** Reads the manifest and checks every file against its size and hash. A config error names the file, the hash wanted and the hash got. */
export async function loadManifest(directory: string): Promise<Manifest> {
  const manifest = await readManifest(directory)
  for (const [name, { bytes, sha256 }] of Object.entries(manifest.files)) {
    const file = join(directory, name)
    const got = await hashFile(file).catch((error) => refuse(file, 'a readable file', String(error)))
    if (got.bytes !== bytes) refuse(file, `${bytes} bytes`, `${got.bytes} bytes`)
    if (got.sha256 !== sha256) refuse(file, `sha256 ${sha256}`, `sha256 ${got.sha256}`)
  }
  return manifest
}

/** The manifest alone, its own hash checked: who loads the files wants `loadManifest`. */
export async function readManifest(directory: string): Promise<Manifest> {
  const path = join(directory, 'manifest.json')
  return parseManifest(path, await readFile(path, 'utf8').catch((error) => refuse(path, 'a readable file', String(error))))
}

export async function hashFile(path: string): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash('sha256')
  let bytes = 0
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
    hash.update(chunk as Buffer)
    bytes += (chunk as Buffer).length
  }
  return { bytes, sha256: hash.digest('hex') }
}

function parseManifest(path: string, text: string): Manifest {
  let parsed: Manifest & { check?: string }
  try {
    parsed = JSON.parse(text)
  } catch {
    refuse(path, 'JSON', text.slice(0, 80))
  }
  const { check, ...manifest } = parsed
  if (manifest.format !== manifestFormat) refuse(path, `format ${manifestFormat}`, `format ${manifest.format}`)
  const got = createHash('sha256').update(JSON.stringify(manifest)).digest('hex')
  if (check !== got) refuse(path, `sha256 ${check} of its content`, `sha256 ${got}`)
  return manifest
}

function refuse(path: string, wanted: string, got: string): never {
  throw configError('checkpoint-damaged', `[checkpoint] ${path}: wanted ${wanted}, got ${got}`)
}
