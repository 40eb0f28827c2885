/**
 * A file of TensorBoard's events. What is added is kept in memory and written every second, or when that is asked for, by the threads that Node
 * writes files with: the run waits for no disk. A file that cannot be written is said once; what follows is dropped.
 */
import { appendFile, mkdir, readdir } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { eventRecord, sessionStart, type TensorboardEvent } from './event-record.js'

const flushMs = 1000
const filePattern = /^events\.out\.tfevents\.(\d+)\./

export interface TensorboardWriterOptions {
  readonly directory: string
  /** Of a run that is resumed: what other files of the directory have of this step and later ones is no longer of the run. */
  readonly restartAt?: number | undefined
  readonly onError: (error: Error) => void
}

export class TensorboardWriter {
  private readonly options: TensorboardWriterOptions
  private waiting: Buffer[] = []
  private written: Promise<void> = Promise.resolve()
  private path: string | undefined
  private failed = false
  private timer: NodeJS.Timeout | undefined

  constructor(options: TensorboardWriterOptions) {
    this.options = options
    const wallTime = Date.now() / 1000
    this.add({ wallTime, fileVersion: 'brain.Event:2' })
    if (options.restartAt !== undefined) this.add({ wallTime, step: options.restartAt, sessionLog: { status: sessionStart } })
  }

  add(event: TensorboardEvent): void {
    if (this.failed) return
    this.waiting.push(eventRecord(event))
    this.timer ??= setTimeout(() => void this.flush(), flushMs).unref()
  }

  /** Resolves when all that was added is written, or cannot be. */
  flush(): Promise<void> {
    clearTimeout(this.timer)
    this.timer = undefined
    this.written = this.written.then(() => this.write()).catch((error: Error) => this.fail(error))
    return this.written
  }

  private async write(): Promise<void> {
    if (this.waiting.length === 0) return
    const bytes = Buffer.concat(this.waiting.splice(0))
    const { directory } = this.options
    const first = this.path === undefined
    this.path ??= await newFile(directory)
    await appendFile(this.path, bytes, { flag: first ? 'wx' : 'a' })
  }

  private fail(error: Error) {
    if (this.failed) return
    this.failed = true
    this.waiting = []
    this.options.onError(error)
  }
}

/** Readers take the files of a directory in the order of their names: the seconds in them grow, also where a clock does not. */
async function newFile(directory: string): Promise<string> {
  await mkdir(directory, { recursive: true })
  const taken = (await readdir(directory)).map((name) => Number(filePattern.exec(name)?.[1] ?? 0))
  const seconds = Math.max(Math.floor(Date.now() / 1000), ...taken.map((second) => second + 1))
  return join(directory, `events.out.tfevents.${String(seconds).padStart(10, '0')}.${hostname()}`)
}
