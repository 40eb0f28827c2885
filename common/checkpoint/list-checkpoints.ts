/** The checkpoints of a run, by step. Names that end in .partial were never finished and are not listed. */
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { configError, LossmithError } from '../errors.js'
import { loadManifest, type Manifest } from './manifest.js'

export interface WholeCheckpoint {
  directory: string
  name: string
  manifest: Manifest
}

/** Names, oldest first; empty when there is no such folder. */
export async function listCheckpoints(parent: string): Promise<string[]> {
  const names = await readdir(parent).catch((error) => (error.code === 'ENOENT' ? [] : Promise.reject(error)))
  return names.filter((name) => /^step-\d{8,}$/.test(name)).sort((a, b) => stepOf(a) - stepOf(b))
}

/** The newest checkpoint after all its hashes agree. A damaged one is refused, and the error names the newest older one that is whole. */
export async function loadNewestCheckpoint(parent: string): Promise<WholeCheckpoint | undefined> {
  const newest = (await listCheckpoints(parent)).at(-1)
  return newest === undefined ? undefined : loadCheckpoint(parent, newest)
}

export async function loadCheckpoint(parent: string, name: string): Promise<WholeCheckpoint> {
  const directory = join(parent, name)
  try {
    return { directory, name, manifest: await loadManifest(directory) }
  } catch (error) {
    if (!(error instanceof LossmithError)) throw error
    const older = await newestWhole(
      parent,
      (await listCheckpoints(parent)).filter((other) => stepOf(other) < stepOf(name)),
    )
    throw configError(
      error.code,
      `${error.message}; ${older === undefined ? 'no older checkpoint is whole' : `${older} is whole: remove ${directory} to go on from it`}`,
    )
  }
}

/** Removes all but the `keep` newest; 0 keeps all. */
export async function removeOldCheckpoints(parent: string, keep: number): Promise<void> {
  if (keep === 0) return
  for (const name of (await listCheckpoints(parent)).slice(0, -keep)) await rm(join(parent, name), { recursive: true })
}

const stepOf = (name: string) => Number(name.slice('step-'.length))

async function newestWhole(parent: string, names: string[]): Promise<string | undefined> {
  for (const name of names.reverse()) {
    const whole = await loadManifest(join(parent, name)).then(
      () => true,
      () => false,
    )
    if (whole) return name
  }
  return undefined
}
