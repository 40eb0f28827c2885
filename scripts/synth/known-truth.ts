/**
 * A click log whose truth is known. Every column is a table of values with power-law frequencies; the logit of a row is
 *   bias + scale · ( Σ effect[column][value] + Σ over pairs of columns <factor[column][value], factor[other][value]> )
 * and its label is drawn with probability sigmoid(logit). So the best AUC any model can reach on it can be computed.
 * Up to 13 number columns (small counts, missing ones among them) and 26 category columns, as in the Criteo logs.
 */
import { DrawTable } from './draw-table.js'
import { hash32, Random } from './random.js'

export interface TruthOptions {
  readonly seed: number
  /** Category columns that the label depends on, of 26. */
  readonly fields: number
  /** Values of the largest category column. */
  readonly values: number
  /** Part of the labels that are 1. */
  readonly positiveRate: number
  /** AUC that the true probabilities shall have. */
  readonly auc: number
  /** How many number and category columns there are, from the first; default: all 13 and 26. */
  readonly columns?: { readonly numbers: number; readonly categories: number }
}

export interface Column {
  /** The text of each value; a missing one is empty. */
  readonly texts: readonly string[]
  readonly frequencies: DrawTable
  /** By value; null: the label does not depend on this column. */
  readonly effects: Float64Array | null
  /** By value, `factorWidth` numbers each; null: no interactions. */
  readonly factors: Float64Array | null
}

export interface Truth {
  readonly columns: readonly Column[]
  /** Columns that interact, as pairs of positions in `columns`. */
  readonly pairs: readonly (readonly [number, number])[]
  readonly scale: number
  readonly bias: number
}

export const factorWidth = 2
const numberColumns = 13
const categoryColumns = 26
const missing = 0.06
const sampleRows = 20_000

export function makeTruth(options: TruthOptions): Truth {
  const { numbers, categories } = options.columns ?? { numbers: numberColumns, categories: categoryColumns }
  const columns = [
    ...Array.from({ length: numbers }, (_, j) => numberColumn(options.seed, j)),
    ...Array.from({ length: categories }, (_, j) => categoryColumn(options, j)),
  ]
  const interacting = columns.flatMap((column, j) => (column.factors === null ? [] : [j]))
  const pairs = interacting.flatMap((j, i) => (i % 2 === 1 ? [[interacting[i - 1]!, j] as const] : []))
  return { columns, pairs, ...calibrate(options, { columns, pairs, scale: 1, bias: 0 }) }
}

/** Draws a row's values into `values` and returns its logit. */
export function drawRow(truth: Truth, random: Random, values: Uint32Array): number {
  const { columns, pairs } = truth
  let sum = 0
  for (let j = 0; j < columns.length; j++) {
    const column = columns[j]!
    const value = column.frequencies.draw(random)
    values[j] = value
    if (column.effects !== null) sum += column.effects[value]!
  }
  for (let i = 0; i < pairs.length; i++) {
    const [one, other] = pairs[i]!
    const a = values[one]! * factorWidth
    const b = values[other]! * factorWidth
    for (let k = 0; k < factorWidth; k++) sum += columns[one]!.factors![a + k]! * columns[other]!.factors![b + k]!
  }
  return truth.bias + truth.scale * sum
}

export const sigmoid = (x: number) => 1 / (1 + Math.exp(-x))

/** Sizes grow by equal factors from 4 to `values`; the smaller ones carry the signal, so that it can be learned from few rows. */
function categoryColumn({ seed, fields, values }: TruthOptions, j: number): Column {
  const random = new Random(seed, `category ${j}`)
  const size = Math.max(2, Math.round(4 * (values / 4) ** (j / (categoryColumns - 1))))
  const weights = Array.from({ length: size }, (_, rank) => (rank + 1) ** -1.1)
  const gap = j % 4 === 3 ? (missing / (1 - missing)) * weights.reduce((sum, weight) => sum + weight, 0) : 0
  const informative = j < fields
  return {
    texts: [
      ...weights.map((_, rank) =>
        hash32(`${j} ${rank}`, seed | 0)
          .toString(16)
          .padStart(8, '0'),
      ),
      '',
    ],
    frequencies: new DrawTable([...weights, gap]),
    effects: informative ? Float64Array.from({ length: size + 1 }, () => 0.5 * random.normal()) : null,
    factors: informative && j < 6 ? Float64Array.from({ length: (size + 1) * factorWidth }, () => 0.25 * random.normal()) : null,
  }
}

/** Counts whose logarithm is spread around a mean of the column's own; the first four move the label. */
function numberColumn(seed: number, j: number): Column {
  const random = new Random(seed, `number ${j}`)
  const counts = [...new Set(Array.from({ length: 60 }, (_, k) => Math.round(Math.exp(k * 0.16) - 1)))]
  const centre = 0.5 + 5 * random.uniform()
  const weights = counts.map((count) => Math.exp(-(((Math.log(1 + count) - centre) / 1.5) ** 2)) + 1e-4)
  const gap = (missing / (1 - missing)) * weights.reduce((sum, weight) => sum + weight, 0)
  const slope = random.uniform() < 0.5 ? -0.35 : 0.35
  return {
    texts: [...counts.map(String), ''],
    frequencies: new DrawTable([...weights, j % 3 === 1 ? gap : 0]),
    effects: j < 4 ? Float64Array.from([...counts.map((count) => slope * (Math.log(1 + count) - centre)), 0.5 * random.normal()]) : null,
    factors: null,
  }
}

/** Scale and bias that give the wanted AUC and rate of positives, found by bisection on a sample of rows. */
function calibrate({ seed, auc, positiveRate }: TruthOptions, raw: Truth): { scale: number; bias: number } {
  const random = new Random(seed, 'calibrate')
  const values = new Uint32Array(raw.columns.length)
  const sums = Float64Array.from({ length: sampleRows }, () => drawRow(raw, random, values)).sort()
  const biasFor = (scale: number) => bisect(-40, 40, (bias) => meanOf(sums, (sum) => sigmoid(bias + scale * sum)) < positiveRate, 40)
  const scale = bisect(0, 20, (candidate) => expectedAuc(sums, candidate, biasFor(candidate)) < auc, 25)
  return { scale, bias: biasFor(scale) }
}

/** AUC that the probabilities of rows sorted by them will have, labels not yet drawn. */
function expectedAuc(sorted: Float64Array, scale: number, bias: number): number {
  let negatives = 0
  let positives = 0
  let ordered = 0
  for (const sum of sorted) {
    const p = sigmoid(bias + scale * sum)
    ordered += p * negatives
    negatives += 1 - p
    positives += p
  }
  return ordered / (positives * negatives)
}

/** The point between low and high at which `below` turns false. */
function bisect(low: number, high: number, below: (x: number) => boolean, rounds: number): number {
  let [from, to] = [low, high]
  for (let i = 0; i < rounds; i++) {
    const middle = (from + to) / 2
    if (below(middle)) from = middle
    else to = middle
  }
  return (from + to) / 2
}

function meanOf(values: Float64Array, f: (value: number) => number): number {
  let sum = 0
  for (const value of values) sum += f(value)
  return sum / values.length
}
