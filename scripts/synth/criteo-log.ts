/** Reads a log in Criteo format, plain or gzip, a row at a time: label, 13 numbers, 26 categories between tabs. Bytes stay as they are. */
import { open } from 'node:fs/promises'
import { resolve } from 'node:path'
import { pipeline } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { configError } from '../../common/errors.js'

export interface CriteoRow {
  readonly label: number
  /** 39 cells, a byte a character. */
  readonly cells: readonly string[]
}

export class CriteoLog {
  readonly file: string

  constructor(file: string) {
    this.file = resolve(file)
  }

  /** How many rows there are, `most` at most, and how many lines before the last of them are none. */
  async count(most: number): Promise<{ rows: number; skipped: number }> {
    let rows = 0
    let skipped = 0
    for await (const line of this.lines()) {
      if (rows === most) break
      if (rowOf(line) === null) skipped++
      else rows++
    }
    if (rows === 0) throw configError('empty-input', `${this.file}: wanted rows of a label and 39 cells between tabs, got none in ${skipped} lines`)
    return { rows, skipped }
  }

  async *rows(): AsyncGenerator<CriteoRow> {
    for await (const line of this.lines()) {
      const row = rowOf(line)
      if (row !== null) yield row
    }
  }

  private async *lines(): AsyncGenerator<string> {
    let rest = ''
    try {
      for await (const chunk of await this.bytes()) {
        const lines = (rest + (chunk as Buffer).toString('latin1')).split('\n')
        rest = lines.pop()!
        yield* lines
      }
    } catch (error) {
      throw this.explained(error as NodeJS.ErrnoException)
    }
    if (rest !== '') yield rest
  }

  private async bytes(): Promise<NodeJS.ReadableStream> {
    const handle = await open(this.file)
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(2), 0, 2, 0)
    const source = handle.createReadStream({ start: 0 })
    const zipped = bytesRead === 2 && buffer.readUInt16BE() === 0x1f8b
    // An error of either goes on to the reader of the last, who reports it.
    return zipped ? pipeline(source, createGunzip(), () => {}) : source
  }

  private explained(error: NodeJS.ErrnoException): Error {
    if (error.code === 'Z_BUF_ERROR') return configError('gzip-truncated', `${this.file}: wanted a whole gzip file, got one that ends early`)
    if (error.code?.startsWith('Z_')) return configError('gzip-corrupt', `${this.file}: wanted gzip, got ${error.message}`)
    return configError('file-missing', `wanted a log at ${this.file}, ${error.message}`)
  }
}

function rowOf(line: string): CriteoRow | null {
  const [label, ...cells] = line.replace(/\r$/, '').split('\t')
  return cells.length === 39 && (label === '0' || label === '1') ? { label: Number(label), cells } : null
}
