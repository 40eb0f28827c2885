/** Writes a synthetic log in Criteo format of any size in bounded memory. */
import { BestReachable } from './best-reachable.js'
import { drawRow, makeTruth, sigmoid, type Truth, type TruthOptions } from './known-truth.js'
import { Random } from './random.js'
import { writeLog } from './write-log.js'

export interface ClickLogOptions extends TruthOptions {
  readonly rows: number
  readonly out: string
  /** Part of the rows, at the end of the log, for which the best reachable AUC is told. */
  readonly test: number
}

export interface ClickLogFacts {
  readonly file: string
  readonly rows: number
  readonly seed: number
  readonly positiveRate: number
  readonly testRows: number
  /** Of the true probabilities on the last `testRows` rows. */
  readonly bestAuc: number
  readonly bestLogloss: number
}

/** Throws config error `out-unusable`. */
export async function writeClickLog(options: ClickLogOptions, progress: (rows: number) => void = () => {}): Promise<ClickLogFacts> {
  const best = new BestReachable()
  const count = { positives: 0 }
  return writeLog(options.out, chunks(options, best, count, progress), () => ({
    rows: options.rows,
    seed: options.seed,
    positiveRate: count.positives / options.rows,
    testRows: best.rows,
    bestAuc: best.auc(),
    bestLogloss: best.logloss(),
  }))
}

const chunkBytes = 1 << 20
/** More than any row: a label and 39 columns of at most 10 bytes. */
const rowBytes = 512

function* chunks(options: ClickLogOptions, best: BestReachable, count: { positives: number }, progress: (rows: number) => void): Generator<Buffer> {
  const truth = makeTruth(options)
  const random = new Random(options.seed, 'rows')
  const texts = tokenBytes(truth)
  const values = new Uint32Array(truth.columns.length)
  const firstTestRow = options.rows - Math.floor(options.rows * options.test)
  let chunk = Buffer.allocUnsafe(chunkBytes)
  let at = 0
  for (let row = 0; row < options.rows; row++) {
    const logit = drawRow(truth, random, values)
    const label = random.uniform() < sigmoid(logit) ? 1 : 0
    count.positives += label
    if (row >= firstTestRow) best.add(logit, label)
    chunk[at++] = 48 + label
    for (let j = 0; j < values.length; j++) at = texts[j]!.append(chunk, at, values[j]!)
    chunk[at++] = 10
    if (at > chunkBytes - rowBytes) {
      yield chunk.subarray(0, at)
      progress(row + 1)
      chunk = Buffer.allocUnsafe(chunkBytes)
      at = 0
    }
  }
  yield chunk.subarray(0, at)
  progress(options.rows)
}

/** The texts of a column as bytes in one array, each with the tab before it. */
function tokenBytes(truth: Truth): { append(chunk: Buffer, at: number, value: number): number }[] {
  return truth.columns.map(({ texts }) => {
    const bytes = Buffer.from(texts.map((text) => `\t${text}`).join(''), 'latin1')
    const starts = new Uint32Array(texts.length + 1)
    texts.forEach((text, i) => {
      starts[i + 1] = starts[i]! + 1 + text.length
    })
    return {
      append(chunk, at, value) {
        const end = starts[value + 1]!
        let to = at
        for (let from = starts[value]!; from < end; from++) chunk[to++] = bytes[from]!
        return to
      },
    }
  })
}
