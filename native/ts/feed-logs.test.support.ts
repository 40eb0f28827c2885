/** Logs in a temporary folder, feeds on them, and what their batches hold: for the tests of the log reader. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { featuresOf } from '../../common/job/features.js'
import { type Feed, type FeedOptions, loadNative, type NativeBatch, type NativeCursor, type NativePiece, type NativeSource } from './binding.js'
import { randomLog } from './criteo-reference.js'

export const native = loadNative()
/** Removed after the tests. */
export const folder = mkdtempSync(join(tmpdir(), 'lossmith-feed-'))
after(() => rmSync(folder, { recursive: true }))

export const logBins = featuresOf(
  { kind: 'criteo' },
  {
    numbers: { as: 'log-bins' },
    categories: { minCount: 1 },
    rows: 2 ** 50 + 1, // no power of two
    maxLineBytes: 4096,
  },
)

export interface Log {
  source: NativeSource
  pieces: NativePiece[]
}

/** `extra.features`: those of another format than Criteo's, or other ones. */
export async function writeLog(name: string, content: Uint8Array, extra: Partial<NativeSource> = {}): Promise<Log> {
  const path = join(folder, name)
  const pointsPath = `${path}.points`
  writeFileSync(path, content)
  const { features = logBins } = extra
  const header = features.format.kind === 'delimited'
  const { blocks, gzip } = await native.indexFile({ path, lanes: 1, maxBlockBytes: 1 << 20, header, pointsPath })
  return {
    source: { paths: [path], pointsPaths: [gzip ? pointsPath : ''], vocabularyPath: '', features, ...extra },
    pieces: blocks.map((block, id) => ({ ...block, id, skip: 0, take: block.lines, split: 'train' })),
  }
}

export async function withFeed<T>(log: Log, options: Partial<FeedOptions>, use: (feed: Feed) => Promise<T>): Promise<T> {
  const feed = native.createFeed({ source: log.source, laneBatch: 64, shuffleRows: 0, seed: 1, ...options })
  try {
    return await use(feed)
  } finally {
    feed.close()
  }
}

/** Every batch of a lane, from a cursor on. The last one says that the lane is exhausted. */
export function laneBatches(
  log: Log,
  options: Partial<FeedOptions>,
  cursor: NativeCursor | null = null,
  epoch = 0,
  lane = 0,
): Promise<NativeBatch[]> {
  return withFeed(log, options, async (feed) => {
    feed.startEpoch(epoch, [{ lane, pieces: log.pieces, cursor }])
    const batches: NativeBatch[] = []
    do batches.push(await feed.nextBatch(lane))
    while (!batches.at(-1)!.cursor.exhausted)
    return batches
  })
}

export const readPieces = (log: Log): Promise<NativeBatch[]> =>
  withFeed(log, {}, async (feed) => {
    const batches: NativeBatch[] = []
    for (const piece of log.pieces) batches.push(await feed.readPiece(piece))
    return batches
  })

export const labels = (batches: NativeBatch[]) => batches.flatMap((batch) => [...batch.labels])
export const ids = (batches: NativeBatch[]) => batches.flatMap((batch) => [...batch.ids])
export const total = (batches: NativeBatch[], what: 'rejected' | 'heldOut') => batches.reduce((sum, batch) => sum + batch[what], 0)

/** One string a row, to compare rows in any order. */
export const rowsOf = (batches: NativeBatch[], fields = 39) =>
  batches.flatMap((batch) => [...batch.labels].map((label, i) => `${label}:${batch.ids.slice(i * fields, (i + 1) * fields).join()}`))

export const small = randomLog({ rows: 700, seed: 2, ending: 'mixed', malformed: 0.1 })
export const bytes = (text: string) => Buffer.from(text, 'latin1')
