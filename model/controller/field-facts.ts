/** Fields and values by the names that a job gives them. */
import type { DataFacts, FieldFacts } from '../../common/data-facts.js'
import { configError } from '../../common/errors.js'
import { nearestName } from '../../common/job/nearest-name.js'

export function fieldNamed(facts: DataFacts, name: string): FieldFacts {
  const found = facts.fields.find((field) => field.name === name)
  const known = facts.fields.map((field) => field.name).join(', ')
  if (!found) throw configError('controller-field', `[loss] wanted one of the surveyed fields ${known || '(none)'}, got '${name}'`)
  return found
}

/** Several values may share a row: their entry's text joins them by "|". */
export function rowOfValue({ name, values }: FieldFacts, value: string): number {
  const found = values.find(({ text }) => text === value) ?? values.find(({ text }) => text.split('|').includes(value))
  if (found) return found.row
  const near = nearestName(
    value,
    values.flatMap(({ text }) => text.split('|')),
  )
  const hint = near === null ? '' : `; did you mean ${near}?`
  throw configError('controller-field', `[loss] wanted a value of ${name} that the training rows have, got '${value}'${hint}`)
}
