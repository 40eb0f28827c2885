/**
 * A slice of a log whose training labels are partly flipped: what each row gets beside its features. The slice is drawn by itself: it says
 * nothing of the click, only of how far its label can be believed. Beside its column stand one of the same values in other rows and three
 * decoys. The last part of the log has no flipped label, so that validation and test are clean.
 */
import { Random } from './random.js'

export interface SliceOptions {
  readonly seed: number
  readonly rows: number
  /** Part of the rows that are in the noisy slice. */
  readonly sliceShare: number
  /** Part of its labels that are flipped. */
  readonly flipRate: number
  /** Last part of the log, where no label is flipped. */
  readonly clean: number
}

export interface SliceFacts {
  /** Rows of `column` with the value `noisy` have their label flipped with probability `flipRate`, if they are among the first `flippedRows`. */
  readonly slice: {
    readonly column: 'slice'
    readonly noisy: 'noisy'
    readonly clean: 'clean'
    readonly share: number
    readonly flipRate: number
    readonly flippedRows: number
  }
  /** Labels that were flipped. */
  readonly flips: number
  /** Part of the labels that are 1, as written. */
  readonly positiveRate: number
}

export const sliceColumns = ['slice', 'shuffled', 'decoy1', 'decoy2', 'decoy3']
const decoyValues = [2, 5, 12]

export interface SlicedRow {
  readonly noisy: boolean
  /** As it is written. */
  readonly label: number
  /** Of `sliceColumns`. */
  readonly cells: readonly string[]
}

export class NoisySlice {
  private readonly options: SliceOptions
  private readonly flippedRows: number
  /** Of their own, so that the flip rate moves no slice and the slice no decoy. */
  private readonly slices: Random
  private readonly flipped: Random
  private readonly others: Random
  private row = 0
  private flips = 0
  private positives = 0

  constructor(options: SliceOptions) {
    const { seed, rows, clean } = options
    this.options = options
    // One row more is clean than asked for, so that two splits that round up are clean, too.
    this.flippedRows = Math.max(0, rows - Math.ceil(rows * clean) - 1)
    this.slices = new Random(seed, 'slice')
    this.flipped = new Random(seed, 'flips')
    this.others = new Random(seed, 'decoys')
  }

  /** The next row of the log, whose true label this is. */
  next(truth: number): SlicedRow {
    const { sliceShare, flipRate } = this.options
    const noisy = this.slices.uniform() < sliceShare
    const flip = this.flipped.uniform() < flipRate && noisy && this.row < this.flippedRows
    const label = flip ? 1 - truth : truth
    this.row++
    this.flips += Number(flip)
    this.positives += label
    const named = (is: boolean) => (is ? 'noisy' : 'clean')
    const decoys = decoyValues.map((values) => `d${Math.floor(this.others.uniform() * values)}`)
    return { noisy, label, cells: [named(noisy), named(this.others.uniform() < sliceShare), ...decoys] }
  }

  facts(): SliceFacts {
    const { sliceShare, flipRate } = this.options
    return {
      slice: { column: 'slice', noisy: 'noisy', clean: 'clean', share: sliceShare, flipRate, flippedRows: this.flippedRows },
      flips: this.flips,
      positiveRate: this.positives / this.row,
    }
  }
}
