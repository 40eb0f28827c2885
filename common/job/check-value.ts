/**
 * Checks a value against a schema and fills in defaults. Collects every problem instead of stopping at the first;
 * each names the path of the key, what was wanted, what was got and, for names, the nearest valid one.
 */
import { resolve } from 'node:path'
import { nearestName } from './nearest-name.js'
import type { ChoiceSchema, FormsSchema, ListSchema, MapSchema, NumberSchema, ObjectSchema, Schema, TextSchema, VariantSchema } from './schema.js'

export interface Check {
  readonly problems: string[]
  /** Folder from which a relative path at this place of the job is resolved. */
  readonly folderOf: (path: string) => string
}

/** The value with defaults; undefined where it is refused (a problem is added) or computed later. */
export function checkValue(value: unknown, schema: Schema, path: string, check: Check): unknown {
  const absent = value === undefined || value === null
  if (absent && schema.type !== 'object' && (schema.type !== 'variant' || schema.defaultTag === undefined)) {
    if (schema.default === undefined && schema.computed === undefined) refuse(check, path, wanted(schema), 'nothing: this key is required')
    return structuredClone(schema.default)
  }
  switch (schema.type) {
    case 'integer':
    case 'number':
      return checkNumber(value, schema, path, check)
    case 'boolean':
      return typeof value === 'boolean' ? value : refuse(check, path, wanted(schema), got(value))
    case 'text':
      return checkText(value, schema, path, check)
    case 'choice':
      return checkChoice(value, schema, path, check)
    case 'list':
      return checkList(value, schema, path, check)
    case 'any':
      return isObject(value) ? value : refuse(check, path, wanted(schema), got(value))
    case 'object':
      return checkObject(absent ? {} : value, schema, path, check)
    case 'variant':
      return checkVariant(absent ? {} : value, schema, path, check)
    case 'map':
      return checkMap(value, schema, path, check)
    case 'forms':
      return checkForms(value, schema, path, check)
  }
}

/** What a schema accepts, in words: `a whole number from 1 to 4096`. */
export function wanted(schema: Schema): string {
  switch (schema.type) {
    case 'integer':
    case 'number':
      return wantedNumber(schema)
    case 'boolean':
      return 'true or false'
    case 'text':
      return schema.path ? 'a path' : (schema.pattern?.wanted ?? 'a text')
    case 'choice':
      return schema.of.length === 1 ? schema.of[0]! : `one of ${schema.of.join(', ')}`
    case 'list':
      return wantedList(schema)
    case 'any':
    case 'object':
      return 'keys and values'
    case 'variant':
      return wantedVariant(schema)
    case 'map':
      return `keys, each with ${wanted(schema.item)}`
    case 'forms':
      return `a name, or keys and values with one of ${Object.keys(schema.forms).join(', ')}`
  }
}

function wantedVariant({ tag, variants, orTag }: VariantSchema): string {
  const names = `one of ${Object.keys(variants).join(', ')}`
  return orTag ? `${names}, or keys and values with ${tag}` : `keys and values with ${tag}: ${names}`
}

function wantedList({ minItems = 0, maxItems, item }: ListSchema): string {
  if (maxItems === 0) return 'an empty list'
  if (maxItems === 1) return `a list of one, ${wanted(item)}`
  return `a list${minItems > 0 ? ` of at least ${minItems}` : ''}, each ${wanted(item)}`
}

function wantedNumber(schema: NumberSchema): string {
  const noun = schema.powerOfTwo ? 'a power of two' : schema.type === 'integer' ? 'a whole number' : 'a number'
  const low = schema.min !== undefined ? `from ${schema.min}` : schema.above !== undefined ? `above ${schema.above}` : ''
  const open = schema.max === undefined || schema.max === Number.MAX_SAFE_INTEGER
  const high = schema.below !== undefined ? `below ${schema.below}` : open ? '' : `to ${schema.max}`
  return [noun, low === '' || high !== '' || schema.min === undefined ? low : `of at least ${schema.min}`, high]
    .filter((part) => part !== '')
    .join(' ')
}

function checkNumber(value: unknown, schema: NumberSchema, path: string, check: Check): number | undefined {
  const fits =
    typeof value === 'number' &&
    Number.isFinite(value) &&
    (schema.type === 'number' || Number.isSafeInteger(value)) &&
    (schema.min === undefined || value >= schema.min) &&
    (schema.max === undefined || value <= schema.max) &&
    (schema.above === undefined || value > schema.above) &&
    (schema.below === undefined || value < schema.below) &&
    (!schema.powerOfTwo || Number.isInteger(Math.log2(value)))
  return fits ? value : refuse(check, path, wanted(schema), got(value))
}

function checkText(value: unknown, schema: TextSchema, path: string, check: Check): string | undefined {
  if (schema.orEmpty && value === '') return value
  if (typeof value !== 'string' || value === '' || (schema.pattern && !schema.pattern.expression.test(value))) {
    const near = typeof value === 'string' && schema.pattern?.near ? nearestName(value, schema.pattern.near) : null
    return refuse(check, path, wanted(schema), got(value), near)
  }
  return schema.path ? resolve(check.folderOf(path), value) : value
}

function checkChoice(value: unknown, schema: ChoiceSchema, path: string, check: Check): string | undefined {
  if (typeof value === 'string' && schema.of.includes(value)) return value
  const near = typeof value === 'string' ? nearestName(value, schema.of) : null
  return refuse(check, path, wanted(schema), got(value), near)
}

function checkList(value: unknown, schema: ListSchema, path: string, check: Check): unknown[] | undefined {
  const list = Array.isArray(value) ? value : schema.orOne && typeof value === 'string' ? [value] : null
  if (list === null || list.length < (schema.minItems ?? 0) || list.length > (schema.maxItems ?? list.length))
    return refuse(check, path, wanted(schema), got(value))
  const items = list.map((item, i) => checkValue(item, schema.item, `${path}[${i}]`, check))
  if (schema.distinct) {
    const texts = items.map((item) => JSON.stringify(item))
    texts.forEach((text, i) => {
      const first = texts.indexOf(text)
      if (text !== undefined && first < i) refuse(check, `${path}[${i}]`, 'each item once', `the same as in ${path}[${first}]`)
    })
  }
  return items
}

function checkObject(value: unknown, schema: ObjectSchema, path: string, check: Check): Record<string, unknown> | undefined {
  if (!isObject(value)) return refuse(check, path, wanted(schema), got(value))
  for (const key of Object.keys(value)) {
    if (!Object.hasOwn(schema.keys, key)) refuseKey(check, join(path, key), key, Object.keys(schema.keys))
  }
  const result: Record<string, unknown> = {}
  for (const [key, child] of Object.entries(schema.keys)) result[key] = checkValue(value[key], child, join(path, key), check)
  return result
}

function checkVariant(value: unknown, schema: VariantSchema, path: string, check: Check): Record<string, unknown> | undefined {
  const choice: ChoiceSchema = { type: 'choice', of: Object.keys(schema.variants), text: '' }
  const named = schema.orTag && typeof value === 'string'
  if (!named && !isObject(value)) return refuse(check, path, wanted(schema), got(value))
  const { [schema.tag]: tag = schema.defaultTag, ...rest } = named ? { [schema.tag]: value } : (value as Record<string, unknown>)
  const kind = checkChoice(tag, choice, named ? path : join(path, schema.tag), check)
  if (kind === undefined) return undefined
  const { keys, ...variant } = schema.variants[kind]!
  const merged = { ...variant, keys: { ...keys, ...schema.shared } }
  const here = Object.keys(merged.keys)
  for (const key of Object.keys(rest)) {
    if (!here.includes(key)) refuseKey(check, join(path, key), key, [schema.tag, ...here], ` when ${join(path, schema.tag)} is ${kind}`)
  }
  const known = Object.fromEntries(Object.entries(rest).filter(([key]) => here.includes(key)))
  return { [schema.tag]: kind, ...checkObject(known, merged, path, check) }
}

function checkMap(value: unknown, schema: MapSchema, path: string, check: Check): Record<string, unknown> | undefined {
  if (!isObject(value) || Object.keys(value).length === 0) return refuse(check, path, wanted(schema), isObject(value) ? 'no key' : got(value))
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, checkValue(item, schema.item, join(path, key), check)]))
}

function checkForms(value: unknown, schema: FormsSchema, path: string, check: Check): unknown {
  const names = Object.keys(schema.forms)
  const name = typeof value === 'string' ? schema.textForm : isObject(value) ? names.find((key) => Object.hasOwn(value, key)) : undefined
  if (name === undefined) {
    const keys = isObject(value) ? Object.keys(value) : []
    const near = keys.map((key) => nearestName(key, names)).find((found) => found !== null) ?? null
    return refuse(check, path, wanted(schema), keys.length === 0 ? got(value) : `the keys ${keys.join(', ')}`, near)
  }
  const { schema: form, resolve } = schema.forms[name]!
  const before = check.problems.length
  const checked = checkValue(value, form, path, check)
  return check.problems.length > before ? undefined : resolve(checked as never)
}

function refuse(check: Check, path: string, want: string, gotten: string, near: string | null = null): undefined {
  check.problems.push(`${path === '' ? 'the job' : path}: wanted ${want}, got ${gotten}${near === null ? '' : `; did you mean ${near}?`}`)
}

function refuseKey(check: Check, path: string, key: string, valid: readonly string[], where = ''): void {
  const near = nearestName(key, valid)
  const list = valid.length === 0 ? 'no key' : `one of ${valid.join(', ')}`
  check.problems.push(`${path}: unknown key${where}, wanted ${list}${near === null ? '' : `; did you mean ${near}?`}`)
}

/** A value as a message shows it: short, with its type where that is the mistake. */
export function got(value: unknown): string {
  if (value === undefined || value === null) return 'nothing'
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : `a list of ${value.length}`
  if (isObject(value)) return 'keys and values'
  if (typeof value === 'string') return `the text ${JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value)}`
  return String(value)
}

const join = (path: string, key: string) => (path === '' ? key : `${path}.${key}`)

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
