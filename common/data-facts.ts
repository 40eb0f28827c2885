/** What a survey of the training rows tells about the data: how losses are scaled and which values of a field a controller knows. */
export interface DataFacts {
  /** c, the share of positives; not read for classes. */
  readonly baseRate: number
  /** The share of every class; empty for click labels. */
  readonly classShares: readonly number[]
  /** The fields that the job's loss names. */
  readonly fields: readonly FieldFacts[]
}

export interface FieldFacts {
  /** Its column among the ids. */
  readonly field: number
  /** As in `field:<name>`. */
  readonly name: string
  /** Ascending by row. Values that share a row are one entry, their texts joined by "|". */
  readonly values: readonly FieldValue[]
}

export interface FieldValue {
  readonly text: string
  readonly row: number
  readonly count: number
}

/** Of data that nobody surveyed: as many clicks as none. */
export const noFacts: DataFacts = { baseRate: 0.5, classShares: [], fields: [] }
