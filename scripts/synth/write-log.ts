/** Writes a log and what is known of it beside it, gzip when the name ends in .gz. Nothing is left behind when it fails: both get their names when they are whole. */
import { createWriteStream } from 'node:fs'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { Readable, type Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { configError } from '../../common/errors.js'

/** `facts` is asked for when all chunks are written; they go to `<out>.truth.json`. Throws config error `out-unusable`. */
export async function writeLog<Facts extends object>(
  out: string,
  chunks: Iterable<Buffer> | AsyncIterable<Buffer>,
  facts: () => Facts,
): Promise<Facts & { readonly file: string }> {
  const file = resolve(out)
  const partial = `${file}.partial-${process.pid}`
  try {
    await mkdir(dirname(file), { recursive: true })
    const zip: Writable[] = file.endsWith('.gz') ? [createGzip({ level: 1 })] : []
    await pipeline([Readable.from(chunks, { objectMode: false }), ...zip, createWriteStream(partial)])
    const known = { file, ...facts() }
    await writeFile(`${partial}.truth`, `${JSON.stringify(known, null, 2)}\n`)
    await rename(partial, file)
    await rename(`${partial}.truth`, `${file}.truth.json`)
    return known
  } catch (error) {
    await Promise.all([rm(partial, { force: true }), rm(`${partial}.truth`, { force: true })])
    const code = (error as NodeJS.ErrnoException).code
    if (code === undefined || !/^E[A-Z]+$/.test(code)) throw error
    const reason = code === 'ENOSPC' ? 'the disk is full' : (error as Error).message
    throw configError('out-unusable', `wanted to write a log to ${file}, ${reason}`)
  }
}

const chunkBytes = 1 << 20

/** Lines of single-byte characters, without their ends, as chunks to write. `progress` hears how many rows went. */
export async function* chunksOf(lines: Iterable<string> | AsyncIterable<string>, progress: (rows: number) => void): AsyncGenerator<Buffer> {
  let text: string[] = []
  let bytes = 0
  let rows = 0
  for await (const line of lines) {
    text.push(line, '\n')
    bytes += line.length + 1
    rows++
    if (bytes < chunkBytes) continue
    yield Buffer.from(text.join(''), 'latin1')
    progress(rows)
    text = []
    bytes = 0
  }
  yield Buffer.from(text.join(''), 'latin1')
  progress(rows)
}

/** Between the cells of a delimited log: as a job takes it by default. */
export function delimiterOf(out: string): string {
  return /\.tsv(\.gz)?$/.test(out) ? '\t' : ','
}
