/** How columns of a log become the inputs of a model: what the readers of every worker must agree on, made from the job. */
export interface FeaturePlan {
  readonly format: LogFormat
  readonly numbers: NumberFeature
  readonly categories: CategoryFeature
  /** ids a row has: number columns first when they are binned, then categories. */
  readonly fields: number
  /** numeric inputs a row has: the number columns, or 0 when they are binned. */
  readonly width: number
  /** Of the ids of a row, in their order. */
  readonly names: readonly string[]
  /** Rows of the shared table: an id is hash(field, value) mod rows. */
  readonly rows: number
  readonly maxLineBytes: number
  /** 1: labels are clicks, 0 or 1. Else the number of classes, labels from firstClass on. */
  readonly classes: number
  readonly firstClass: number
}

export type LogFormat =
  /** label, 13 number columns, 26 category columns, tab-separated, no header. */
  | { readonly kind: 'criteo' }
  /** `columns` as the header has them; label, numbers and categories are some of them. */
  | {
      readonly kind: 'delimited'
      readonly delimiter: string
      readonly columns: readonly string[]
      readonly label: string
      readonly numbers: readonly string[]
      readonly categories: readonly string[]
    }
  /** label and `fields` entries index:1; the j-th is field j. */
  | { readonly kind: 'libsvm'; readonly fields: number }

/** Names of a format's columns. */
export function columnsOf(format: LogFormat): { numbers: readonly string[]; categories: readonly string[] } {
  const numbered = (prefix: string, count: number) => Array.from({ length: count }, (_, i) => `${prefix}${i + 1}`)
  switch (format.kind) {
    case 'criteo':
      return { numbers: numbered('I', 13), categories: numbered('C', 26) }
    case 'delimited':
      return format
    case 'libsvm':
      return { numbers: [], categories: numbered('', format.fields) }
  }
}

/** The plan of a format: fields, width and names follow from its columns. */
export function featuresOf(
  format: LogFormat,
  { classes = 1, firstClass = 0, ...rest }: Pick<FeaturePlan, 'numbers' | 'categories' | 'rows' | 'maxLineBytes'> & Partial<FeaturePlan>,
): FeaturePlan {
  const { numbers, categories } = columnsOf(format)
  const binned = rest.numbers.as === 'log-bins'
  const names = binned ? [...numbers, ...categories] : [...categories]
  return { ...rest, format, fields: names.length, width: binned ? 0 : numbers.length, names, classes, firstClass }
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
