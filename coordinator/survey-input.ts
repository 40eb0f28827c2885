/**
 * What the loss must know of the training rows (common/data-facts.ts): base rate and class shares, and the values of the fields that it names. Rows
 * are looked at by the workers, piece by piece; sums and values do not depend on who looked at which.
 */
import { type DataFacts, type FieldFacts, type FieldValue, noFacts } from '../common/data-facts.js'
import { configError } from '../common/errors.js'
import type { FeaturePlan } from '../common/job/features.js'
import type { Job } from '../common/job/job.js'
import { controllerOf } from '../common/job/loss.js'
import { nearestName } from '../common/job/nearest-name.js'
import type { DataSource } from '../proto/generated/lossmith/v1/DataSource.js'
import type { Piece__Output as Piece } from '../proto/generated/lossmith/v1/Piece.js'
import type { SurveyResult__Output as SurveyResult } from '../proto/generated/lossmith/v1/SurveyResult.js'
import { enterPhase, onEveryMember, type RunContext } from './run-context.js'

/** Rows that tell base rate and shares well enough: a standard error below 0.0005. */
const sampleRows = 1_000_000
const mostValues = 1000

/** Plain bce, or ce, is the measure of all scales and needs no facts. */
export function factsWanted({ loss }: Job): boolean {
  return loss.mode !== 'one' || !['bce', 'ce'].includes(loss.candidates[0].name)
}

/** @throws config `controller-field`, `no-training-rows` */
export async function surveyInput(context: RunContext, features: FeaturePlan, training: readonly Piece[], source: DataSource): Promise<DataFacts> {
  if (!factsWanted(context.job)) return noFacts
  const names = fieldNames(context.job)
  const fields = names.map((name) => fieldOf(name, features))
  const pieces = fields.length > 0 ? training : sampleOf(training)
  enterPhase(context, 'surveying', `${rows(pieces)} rows`)
  const world = context.membership.ranks.length
  const results = await context.control.guardEarly(
    onEveryMember(context, ({ rank }) => {
      const own = pieces.filter((_, i) => i % world === rank)
      return own.length === 0 ? undefined : { survey: { pieces: own, source, fields, limit: mostValues } }
    }),
  )
  const surveys = results.flatMap(({ survey }) => survey ?? [])
  return { ...labelFacts(surveys, features), fields: fields.map((field, i) => fieldFacts(surveys, field, names[i]!)) }
}

function fieldNames({ loss }: Job): string[] {
  const inputs = controllerOf(loss)?.inputs ?? []
  const named = inputs.filter((input) => input.startsWith('field:')).map((input) => input.slice('field:'.length))
  return loss.mode === 'assigned' ? [loss.field] : named
}

function fieldOf(name: string, { names }: FeaturePlan): number {
  const field = names.indexOf(name)
  if (field >= 0) return field
  const near = nearestName(name, names)
  throw configError(
    'controller-field',
    `[loss] wanted a field of the log, got ${JSON.stringify(name)}${near === null ? '' : `; did you mean ${near}?`}`,
  )
}

/** Whole pieces at even distances. */
function sampleOf(pieces: readonly Piece[]): readonly Piece[] {
  const count = Math.max(1, Math.floor((pieces.length * sampleRows) / rows(pieces)))
  if (count >= pieces.length) return pieces
  return Array.from({ length: count }, (_, i) => pieces[Math.floor(((i + 0.5) * pieces.length) / count)]!)
}

function labelFacts(surveys: readonly SurveyResult[], { classes }: FeaturePlan): Pick<DataFacts, 'baseRate' | 'classShares'> {
  const examples = surveys.reduce((sum, survey) => sum + survey.examples, 0)
  if (examples === 0) throw configError('no-training-rows', '[data] wanted rows to train on, found only malformed lines or rows of other splits')
  const shares = surveys[0]!.classCounts.map((_, label) => surveys.reduce((sum, { classCounts }) => sum + classCounts[label]!, 0) / examples)
  if (classes > 1) return { baseRate: 0.5, classShares: shares }
  return { baseRate: shares[1]!, classShares: [] }
}

/** The values of all workers by row; texts in the order of their code units, so that who found what first does not matter. */
function fieldFacts(surveys: readonly SurveyResult[], field: number, name: string): FieldFacts {
  const found = surveys.flatMap(({ fields }) => fields.filter((survey) => survey.field === field))
  const byRow = new Map<number, { texts: Set<string>; count: number }>()
  for (const { text, row, count } of found.flatMap(({ values }) => values)) {
    const entry = byRow.get(row) ?? { texts: new Set(), count: 0 }
    entry.texts.add(text)
    byRow.set(row, { ...entry, count: entry.count + count })
  }
  const texts = [...byRow.values()].reduce((sum, entry) => sum + entry.texts.size, 0)
  if (texts > mostValues || found.some(({ more }) => more))
    throw configError('controller-field', `[loss] field ${name}: wanted at most ${mostValues} values among the training rows, found more`)
  const values: FieldValue[] = [...byRow].map(([row, { texts, count }]) => ({ text: [...texts].sort().join('|'), row, count }))
  return { field, name, values: values.sort((a, b) => a.row - b.row) }
}

const rows = (pieces: readonly Piece[]) => pieces.reduce((sum, { take }) => sum + take, 0)
