/** How columns of a log become the inputs of a model: what the readers of every worker must agree on, made from the job. */
export interface FeaturePlan {
  readonly format: 'criteo'
  /** Columns of numbers (13) and of categories (26) of the format. */
  readonly numbers: NumberFeature
  readonly categories: CategoryFeature
  /** ids a row has: number columns first when they are binned, then categories. */
  readonly fields: number
  /** numeric inputs a row has: 13, or 0 when numbers are binned. */
  readonly width: number
  /** Rows of the shared table: an id is hash(field, value) mod rows. */
  readonly rows: number
  readonly maxLineBytes: number
}

export type NumberFeature =
  /** id of (field, floor(ln(v)²)) for v > 2, of (field, v) below; missing is a value of its own. */
  | { readonly as: 'log-bins' }
  /** (ln(1 + max(v, 0)) − mean) / deviation, moments over the training rows; missing becomes 0, the mean. */
  | { readonly as: 'normalised'; readonly means?: readonly number[]; readonly deviations?: readonly number[] }

export interface CategoryFeature {
  /** Values seen fewer times in the training rows share one id of their field. 1: keep all, no counting pass. */
  readonly minCount: number
}

/** Where each row goes. Rows of other splits are held out: they are read, counted and not trained on. */
export type SplitPlan =
  /** The log is in time order: the last `test` of its rows are test, the `validation` before them validation. */
  | { readonly by: 'time'; readonly validation: number; readonly test: number }
  /** Each row by a counter-based draw of (seed, file, line). */
  | { readonly by: 'fraction'; readonly validation: number; readonly test: number }
  /** Separate files. */
  | { readonly by: 'files' }
