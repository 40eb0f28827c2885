/**
 * Writes a delimited click log with a noisy slice: a synthetic one whose truth is known, or a log in Criteo format with slice, decoys and
 * flipped labels added. Columns: label, N1 … of numbers, C1 … of categories, those of the slice.
 */
import { BestReachable } from './best-reachable.js'
import { CriteoLog } from './criteo-log.js'
import { drawRow, makeTruth, sigmoid, type TruthOptions } from './known-truth.js'
import { NoisySlice, type SliceFacts, type SliceOptions, sliceColumns } from './noisy-slice.js'
import { Random } from './random.js'
import { chunksOf, delimiterOf, writeLog } from './write-log.js'

export interface NoisySliceOptions extends SliceOptions, Omit<TruthOptions, 'columns'> {
  readonly out: string
  /** Last part of the rows, for which the best reachable AUC is told. */
  readonly test: number
}

export interface NoisySliceFacts extends SliceFacts {
  readonly file: string
  readonly rows: number
  readonly seed: number
  readonly testRows: number
  /** Of the true probabilities on the last `testRows` rows. */
  readonly bestAuc: number
  readonly bestLogloss: number
  /** Of the probabilities of labels as they are written, flips included: the best there is for a model that takes all of them for true. */
  readonly noisyAuc: number
  readonly noisyLogloss: number
}

/** Few columns of few values: with a million rows a model comes close to what is possible, so that what is left is the noise's. */
const fewestColumns = { numbers: 4, categories: 12 }

/** Throws config error `out-unusable`. */
export async function writeNoisySlice(options: NoisySliceOptions, progress: (rows: number) => void = () => {}): Promise<NoisySliceFacts> {
  const slice = new NoisySlice(options)
  const best = new BestReachable()
  const noisy = new BestReachable()
  const lines = syntheticLines(options, slice, best, noisy)
  return writeLog(options.out, chunksOf(lines, progress), () => ({
    rows: options.rows,
    seed: options.seed,
    ...slice.facts(),
    testRows: best.rows,
    bestAuc: best.auc(),
    bestLogloss: best.logloss(),
    noisyAuc: noisy.auc(),
    noisyLogloss: noisy.logloss(),
  }))
}

function* syntheticLines(options: NoisySliceOptions, slice: NoisySlice, best: BestReachable, noisy: BestReachable): Generator<string> {
  const { seed, rows, test, out, flipRate } = options
  const columns = { ...fewestColumns, categories: Math.max(fewestColumns.categories, options.fields) }
  const truth = makeTruth({ ...options, columns })
  const random = new Random(seed, 'rows')
  const values = new Uint32Array(truth.columns.length)
  const firstTestRow = rows - Math.floor(rows * test)
  const delimiter = delimiterOf(out)
  yield header(columns.numbers, columns.categories, delimiter)
  for (let row = 0; row < rows; row++) {
    const logit = drawRow(truth, random, values)
    const clicked = random.uniform() < sigmoid(logit) ? 1 : 0
    const sliced = slice.next(clicked)
    if (row >= firstTestRow) {
      const seen = flipRate + (1 - 2 * flipRate) * sigmoid(logit)
      best.add(logit, clicked)
      noisy.add(sliced.noisy ? Math.log(seen / (1 - seen)) : logit, clicked)
    }
    const cells = truth.columns.map(({ texts }, j) => texts[values[j]!]!)
    yield [sliced.label, ...cells, ...sliced.cells].join(delimiter)
  }
}

export interface SliceOfLogOptions extends Omit<SliceOptions, 'rows'> {
  /** A log in Criteo format, in time order. */
  readonly from: string
  /** The first rows of it; all by default. */
  readonly rows?: number
  readonly out: string
}

export interface SliceOfLogFacts extends SliceFacts {
  readonly file: string
  readonly from: string
  readonly rows: number
  /** Lines of `from` that were left out: not 40 cells, or another label than 0 or 1. */
  readonly skipped: number
  readonly seed: number
}

/** Throws config errors `out-unusable`, `file-missing`, `gzip-truncated`, `gzip-corrupt` and `empty-input`. */
export async function writeSliceOfLog(options: SliceOfLogOptions, progress: (rows: number) => void = () => {}): Promise<SliceOfLogFacts> {
  const log = new CriteoLog(options.from)
  // Where the clean part begins is known when the rows are counted.
  const { rows, skipped } = await log.count(options.rows ?? Number.POSITIVE_INFINITY)
  const slice = new NoisySlice({ ...options, rows })
  const facts = () => ({ from: log.file, rows, skipped, seed: options.seed, ...slice.facts() })
  return writeLog(options.out, chunksOf(linesOfLog(log, rows, slice, delimiterOf(options.out)), progress), facts)
}

async function* linesOfLog(log: CriteoLog, rows: number, slice: NoisySlice, delimiter: string): AsyncGenerator<string> {
  const special = new RegExp(`["${delimiter}]`)
  const quoted = (cell: string) => (special.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)
  yield header(13, 26, delimiter)
  let row = 0
  for await (const { label, cells } of log.rows()) {
    if (row++ === rows) return
    const sliced = slice.next(label)
    yield [sliced.label, ...cells.map(quoted), ...sliced.cells].join(delimiter)
  }
}

function header(numbers: number, categories: number, delimiter: string): string {
  const numbered = (prefix: string, count: number) => Array.from({ length: count }, (_, i) => `${prefix}${i + 1}`)
  return ['label', ...numbered('N', numbers), ...numbered('C', categories), ...sliceColumns].join(delimiter)
}
