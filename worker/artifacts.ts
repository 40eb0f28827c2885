/**
 * Named files of the run, in this worker's own scratch directory: written here and sent up, or fetched on first use. The directory goes
 * when the worker goes; after kill -9 it is left to the system's cleaning of its temporary directory.
 */
import { createHash } from 'node:crypto'
import { createReadStream, mkdtempSync, rmSync } from 'node:fs'
import { open, rename, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { brokenError, configError } from '../common/errors.js'
import { chunkBytes } from '../common/rpc/channel-options.js'
import type { CoordinatorLink } from './coordinator-link.js'

export class Artifacts {
  private readonly directory = mkdtempSync(join(tmpdir(), `lossmith-worker-${process.pid}-`))
  private readonly link: CoordinatorLink
  private readonly member: string
  private readonly present = new Set<string>()

  constructor(link: CoordinatorLink, member: string) {
    this.link = link
    this.member = member
    process.once('exit', this.remove)
  }

  /** Where to write the artifact before `send`. */
  path(name: string): string {
    // Names have slashes and come from outside: a hash is a file name whatever they hold.
    return join(this.directory, createHash('sha256').update(name).digest('hex').slice(0, 32))
  }

  /** Sends the file that was written at `path(name)`; here it is no longer needed. */
  async send(name: string): Promise<void> {
    const path = this.path(name)
    const { size } = await stat(path)
    const { bytes } = await this.link.putArtifact(this.chunks(name), size)
    if (bytes !== size) throw brokenError('artifact-size', `[artifact] wanted ${size} bytes of "${name}" stored, got ${bytes}`)
    if (!this.present.has(name)) await rm(path)
  }

  /** Sends it and keeps it: this worker reads it too. */
  async share(name: string): Promise<void> {
    this.present.add(name)
    await this.send(name)
  }

  /** The file, fetched unless it is here. */
  async fetch(name: string): Promise<string> {
    const path = this.path(name)
    if (this.present.has(name)) return path
    const aside = `${path}.part`
    const file = await open(aside, 'w').catch(scratchError)
    try {
      for await (const { data } of this.link.getArtifact(this.member, name)) await file.write(data).catch(scratchError)
    } finally {
      await file.close()
    }
    await rename(aside, path)
    this.present.add(name)
    return path
  }

  readonly remove = (): void => {
    process.off('exit', this.remove)
    rmSync(this.directory, { recursive: true, force: true })
  }

  private async *chunks(name: string) {
    // An empty file still has a name to send.
    yield { member: this.member, name, data: Buffer.alloc(0) }
    for await (const data of createReadStream(this.path(name), { highWaterMark: chunkBytes }))
      yield { member: this.member, name, data: data as Buffer }
  }
}

function scratchError(error: Error): never {
  throw configError('scratch-unwritable', `[scratch] wanted room for the run's files in ${tmpdir()} (TMPDIR), got ${error.message}`)
}
