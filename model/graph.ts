/**
 * The graph: what a model builds. A tensor is a node; its op, inputs and attributes say how it is computed.
 * Nodes are immutable and numbered in the order they were made, so every input has a smaller id than its user.
 * Only the leading dimension may be 'B', the examples of a batch; everything else is a number.
 */
export type Dim = number | 'B'
export type Shape = readonly Dim[]
export type Dtype = 'f32' | 'i64'
export type Attributes = Readonly<Record<string, unknown>>

export interface Tensor {
  readonly id: number
  readonly op: string
  readonly inputs: readonly Tensor[]
  readonly attributes: Attributes
  readonly dtype: Dtype
  readonly shape: Shape
  /** Set on row-sparse values (rows of a table and their values, never the whole table): the table's name. */
  readonly rowsOf?: string
}

/** How the first weights are drawn: Philox by (seed, name, row, column), see model/philox.ts. */
export type Init =
  | { readonly kind: 'zeros' }
  | { readonly kind: 'constant'; readonly value: number }
  | { readonly kind: 'normal'; readonly deviation: number }
  | { readonly kind: 'uniform'; readonly bound: number }
