/**
 * The language the job's schema is written in. One value of it (job-schema.ts) gives validation, defaults and docs/job.md.
 * `text` is one line for people. A `default` of undefined means required, unless `computed` says what stands in for it.
 */
export type Schema =
  | NumberSchema
  | BooleanSchema
  | TextSchema
  | ChoiceSchema
  | ListSchema
  | ObjectSchema
  | VariantSchema
  | MapSchema
  | FormsSchema
  | AnySchema

interface Common<Value> {
  readonly text: string
  readonly default?: Value
  /** Says in words which value parse-job.ts puts in when the key is absent. */
  readonly computed?: string
}

export interface NumberSchema extends Common<number> {
  readonly type: 'number' | 'integer'
  readonly min?: number
  readonly max?: number
  /** Exclusive bounds. */
  readonly above?: number
  readonly below?: number
  readonly powerOfTwo?: boolean
}
export interface BooleanSchema extends Common<boolean> {
  readonly type: 'boolean'
}
export interface TextSchema extends Common<string> {
  readonly type: 'text'
  /** A path, made absolute from the job file's folder. */
  readonly path?: boolean
  /** `near`: names among which the nearest one is looked for when a text is refused. */
  readonly pattern?: { readonly expression: RegExp; readonly wanted: string; readonly near?: readonly string[] }
  /** '' is valid too, and stays ''. */
  readonly orEmpty?: boolean
}
export interface ChoiceSchema extends Common<string> {
  readonly type: 'choice'
  readonly of: readonly string[]
}
export interface ListSchema extends Common<readonly unknown[]> {
  readonly type: 'list'
  readonly item: Schema
  readonly minItems?: number
  readonly maxItems?: number
  /** No item twice. */
  readonly distinct?: boolean
  /** A single value stands for a list of one. */
  readonly orOne?: boolean
}
export interface ObjectSchema extends Common<never> {
  readonly type: 'object'
  readonly keys: Readonly<Record<string, Schema>>
  /** Stands in docs/job.md instead of the keys, which are explained elsewhere. */
  readonly explained?: string
}
/** An object whose other keys depend on the value of its key `tag`. */
export interface VariantSchema extends Common<never> {
  readonly type: 'variant'
  readonly tag: string
  /** Without it the tag is required. */
  readonly defaultTag?: string
  readonly variants: Readonly<Record<string, ObjectSchema>>
  /** Keys of every variant. */
  readonly shared?: Readonly<Record<string, Schema>>
  /** A text stands for an object with that tag and defaults. */
  readonly orTag?: boolean
  /** As of an object. */
  readonly explained?: string
}
/** Any keys, each with a value of one schema. */
export interface MapSchema extends Common<never> {
  readonly type: 'map'
  readonly item: Schema
}
/** Several ways to write one thing: a value is of the form whose name it has as a key, a text is of the form `textForm`. */
export interface FormsSchema extends Common<never> {
  readonly type: 'forms'
  readonly forms: Readonly<Record<string, Form>>
  readonly textForm: string
}
export interface Form {
  readonly schema: ObjectSchema | VariantSchema
  /** From what this form's schema accepted to the one form that programs read. */
  readonly resolve: (value: never) => unknown
}
/** Any object, handed on as it is. */
export interface AnySchema extends Common<Readonly<Record<string, unknown>>> {
  readonly type: 'any'
}
