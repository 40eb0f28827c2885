/**
 * Named files of a run that are neither weights nor metrics. `/` in a name is a folder. Written aside and renamed, so that a half-sent one is
 * never read. An evaluation of an old run reads that run's artifacts and writes its own into `directory`.
 */
import { randomUUID } from 'node:crypto'
import { createReadStream, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { diskError } from '../common/checkpoint/checkpoint-writer.js'
import { brokenError } from '../common/errors.js'

export class Artifacts {
  private readonly directory: string
  private readonly older: string | undefined

  constructor(directory: string, older?: string) {
    this.directory = directory
    this.older = older
  }

  /** Where the artifact lies; broken error when there is none. */
  path(name: string): string {
    const found = [this.directory, this.older].find((directory) => directory !== undefined && existsSync(join(directory, check(name))))
    if (found === undefined) throw brokenError('artifact-missing', `[artifact] wanted ${name}, found none in ${this.directory}`)
    return join(found, name)
  }

  has(name: string): boolean {
    return [this.directory, this.older].some((directory) => directory !== undefined && existsSync(join(directory, check(name))))
  }

  read(name: string): Buffer {
    return readFileSync(this.path(name))
  }

  async *chunks(name: string, chunkBytes: number): AsyncGenerator<Buffer> {
    for await (const chunk of createReadStream(this.path(name), { highWaterMark: chunkBytes })) yield chunk as Buffer
  }

  write(name: string, bytes: Uint8Array): void {
    const { path, aside } = this.places(name)
    try {
      writeFileSync(aside, bytes)
      renameSync(aside, path)
    } catch (error) {
      throw diskError(path, error)
    }
  }

  async remove(name: string): Promise<void> {
    await rm(join(this.directory, check(name)), { force: true })
  }

  /** Takes chunks until `commit` or `abort`. */
  async receive(name: string): Promise<ArtifactSink> {
    const { path, aside } = this.places(name)
    const file = await open(aside, 'w').catch((error) => Promise.reject(diskError(path, error)))
    return new ArtifactSink(path, aside, file)
  }

  private places(name: string) {
    const path = join(this.directory, check(name))
    mkdirSync(dirname(path), { recursive: true })
    return { path, aside: `${path}.${randomUUID()}.partial` }
  }
}

export class ArtifactSink {
  bytes = 0
  private readonly path: string
  private readonly aside: string
  private readonly file: FileHandle

  constructor(path: string, aside: string, file: FileHandle) {
    this.path = path
    this.aside = aside
    this.file = file
  }

  async write(data: Uint8Array): Promise<void> {
    await this.file.writeFile(data).catch((error) => Promise.reject(diskError(this.path, error)))
    this.bytes += data.length
  }

  async commit(): Promise<void> {
    await this.file.close()
    await rename(this.aside, this.path)
  }

  async abort(): Promise<void> {
    await this.file.close().catch(() => undefined)
    await rm(this.aside, { force: true })
  }
}

/** A name comes over the network: it must not lead out of the directory. */
function check(name: string): string {
  if (!/^[\w-][\w.-]*(\/[\w-][\w.-]*)*$/.test(name))
    throw brokenError('artifact-name', `[artifact] wanted a name like index/0, got ${JSON.stringify(name)}`)
  return name
}
