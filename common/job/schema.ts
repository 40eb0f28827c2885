/**
 * The language the job's schema is written in. One value of it (job-schema.ts) gives validation, defaults and docs/job.md.
 * `text` is one line for people. A `default` of undefined means required, unless `computed` says what stands in for it.
 */
export type Schema = NumberSchema | BooleanSchema | TextSchema | ChoiceSchema | ListSchema | ObjectSchema | VariantSchema | AnySchema

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
  readonly pattern?: { readonly expression: RegExp; readonly wanted: string }
}
export interface ChoiceSchema extends Common<string> {
  readonly type: 'choice'
  readonly of: readonly string[]
}
export interface ListSchema extends Common<readonly unknown[]> {
  readonly type: 'list'
  readonly item: Schema
  readonly minItems?: number
  /** A single value stands for a list of one. */
  readonly orOne?: boolean
}
export interface ObjectSchema extends Common<never> {
  readonly type: 'object'
  readonly keys: Readonly<Record<string, Schema>>
}
/** An object whose other keys depend on the value of its key `tag`. */
export interface VariantSchema extends Common<never> {
  readonly type: 'variant'
  readonly tag: string
  readonly defaultTag: string
  readonly variants: Readonly<Record<string, ObjectSchema>>
}
/** Any object, handed on as it is. */
export interface AnySchema extends Common<Readonly<Record<string, unknown>>> {
  readonly type: 'any'
}
