/** Writes a delimited log of ratings 0 to 4 whose truth is known. Columns: label, user, item, hour, device. */
import { RatingTruth, ratingColumns, ratings } from './known-ratings.js'
import { Random } from './random.js'
import { chunksOf, delimiterOf, writeLog } from './write-log.js'

export interface RatingsOptions {
  readonly seed: number
  readonly rows: number
  readonly out: string
  /** Users; there are a quarter as many items. */
  readonly values: number
  /** Last part of the rows, for which the best reachable logloss is told. */
  readonly test: number
}

export interface RatingsFacts {
  readonly file: string
  readonly rows: number
  readonly seed: number
  readonly classes: number
  /** Part of the labels that are each rating. */
  readonly classShares: readonly number[]
  readonly testRows: number
  /** Of the true probabilities on the last `testRows` rows; the accuracy is that of the likeliest rating. */
  readonly bestLogloss: number
  readonly bestAccuracy: number
}

interface Sums {
  readonly counts: number[]
  rows: number
  loss: number
  correct: number
}

/** Throws config error `out-unusable`. */
export async function writeRatings(options: RatingsOptions, progress: (rows: number) => void = () => {}): Promise<RatingsFacts> {
  const sums: Sums = { counts: new Array<number>(ratings).fill(0), rows: 0, loss: 0, correct: 0 }
  return writeLog(options.out, chunksOf(lines(options, sums), progress), () => ({
    rows: options.rows,
    seed: options.seed,
    classes: ratings,
    classShares: sums.counts.map((count) => count / options.rows),
    testRows: sums.rows,
    bestLogloss: sums.loss / sums.rows,
    bestAccuracy: sums.correct / sums.rows,
  }))
}

function* lines({ seed, rows, out, values, test }: RatingsOptions, sums: Sums): Generator<string> {
  const truth = new RatingTruth(seed, values)
  const random = new Random(seed, 'rows')
  const row = new Uint32Array(truth.columns.length)
  const chances = new Float64Array(ratings)
  const delimiter = delimiterOf(out)
  const firstTestRow = rows - Math.floor(rows * test)
  yield ['label', ...ratingColumns].join(delimiter)
  for (let i = 0; i < rows; i++) {
    truth.draw(random, row, chances)
    const rating = drawn(chances, random.uniform())
    sums.counts[rating]!++
    if (i >= firstTestRow) {
      sums.rows++
      sums.loss -= Math.log(chances[rating]!)
      if (chances[rating] === Math.max(...chances)) sums.correct++
    }
    yield [rating, ...truth.columns.map(({ texts }, j) => texts[row[j]!]!)].join(delimiter)
  }
}

/** The first place where the sum of chances passes `uniform`. */
function drawn(chances: Float64Array, uniform: number): number {
  let sum = 0
  for (let c = 0; c < chances.length - 1; c++) {
    sum += chances[c]!
    if (uniform < sum) return c
  }
  return chances.length - 1
}
