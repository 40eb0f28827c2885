/**
 * Ratings whose truth is known: user, item, hour and device are drawn by themselves, and rating c of 0 to 4 has the probability
 *   softmax over c of ( offset[c] + c · taste ),   taste = user + item + <user's factors, item's> + hour + device
 * so that the best logloss any model can reach on them can be computed. Offsets give the usual shares: threes and fours are frequent.
 */
import { DrawTable } from './draw-table.js'
import { Random } from './random.js'

export const ratings = 5
export const ratingColumns = ['user', 'item', 'hour', 'device']
const shares = [0.06, 0.11, 0.2, 0.34, 0.29]
const width = 4
const sampleRows = 4000

interface Column {
  readonly texts: readonly string[]
  readonly frequencies: DrawTable
  readonly effects: Float64Array
}

export class RatingTruth {
  readonly columns: readonly Column[]
  private readonly factors: readonly [users: Float64Array, items: Float64Array]
  private readonly offsets = new Float64Array(ratings)

  /** `values`: users; there are a quarter as many items. */
  constructor(seed: number, values: number) {
    const items = Math.max(2, Math.round(values / 4))
    this.columns = [
      column(seed, 'user', values, { power: 0.7, effect: 0.5 }),
      column(seed, 'item', items, { power: 0.9, effect: 0.6 }),
      column(seed, 'hour', 24, { power: 0, effect: 0.15 }),
      column(seed, 'device', 3, { power: 1, effect: 0.2 }),
    ]
    const random = new Random(seed, 'factors')
    const normals = (size: number) => Float64Array.from({ length: size * width }, () => 0.5 * random.normal())
    this.factors = [normals(values), normals(items)]
    this.fitShares(new Random(seed, 'calibrate'))
  }

  /** Draws a row's values into `row` and the probability of each rating into `chances`. */
  draw(random: Random, row: Uint32Array, chances: Float64Array): void {
    let taste = 0
    for (const [j, { frequencies, effects }] of this.columns.entries()) {
      row[j] = frequencies.draw(random)
      taste += effects[row[j]]!
    }
    const [users, items] = this.factors
    for (let k = 0; k < width; k++) taste += users[row[0]! * width + k]! * items[row[1]! * width + k]!
    let sum = 0
    for (let c = 0; c < ratings; c++) {
      chances[c] = Math.exp(this.offsets[c]! + c * taste)
      sum += chances[c]!
    }
    for (let c = 0; c < ratings; c++) chances[c]! /= sum
  }

  /** Moves each offset by how far its rating's share is from the wanted one, until they agree. */
  private fitShares(random: Random): void {
    const row = new Uint32Array(this.columns.length)
    const chances = new Float64Array(ratings)
    for (let round = 0; round < 20; round++) {
      const sums = new Float64Array(ratings)
      for (let i = 0; i < sampleRows; i++) {
        this.draw(random, row, chances)
        for (let c = 0; c < ratings; c++) sums[c]! += chances[c]!
      }
      for (let c = 0; c < ratings; c++) this.offsets[c]! += Math.log((shares[c]! * sampleRows) / sums[c]!)
    }
  }
}

/** Values whose frequency falls with a power of their rank, each with an effect on the taste. */
function column(seed: number, name: string, size: number, { power, effect }: { power: number; effect: number }): Column {
  const random = new Random(seed, name)
  return {
    texts: Array.from({ length: size }, (_, i) => `${name[0]}${i}`),
    frequencies: new DrawTable(Float64Array.from({ length: size }, (_, rank) => (rank + 1) ** -power)),
    effects: Float64Array.from({ length: size }, () => effect * random.normal()),
  }
}
