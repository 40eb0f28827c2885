/** From the job's candidate and the facts about the data to the loss: options read, scaled to the base rate or the shares of the classes. */
import { configError } from '../../common/errors.js'
import { nearestName } from '../../common/job/nearest-name.js'
import type { Tensor } from '../graph.js'
import { mul } from '../ops/scalar-functions.js'
import { type Candidate, type CandidateDefinition, type Options, readOptions } from './candidate.js'
import { candidates, classCandidates } from './index.js'

export interface LabelFacts {
  /** c, the share of positives among the training rows; not read for classes. */
  readonly baseRate: number
  /** The share of every class, for a head of two or more; else absent or empty. */
  readonly classShares?: readonly number[]
}

/** Smaller shares count as this: a label that never comes would make scales infinite. */
const SMALLEST_SHARE = 1e-6

/** Refuses an unknown name, options that the candidate lacks, and shares that are none. `matched` false: the loss as its formula says, scale 1. */
export function candidateOf(job: { readonly name: string } & Readonly<Record<string, unknown>>, facts: LabelFacts, matched = true): Candidate {
  const { baseRate, classShares = [] } = facts
  const { name, ...given } = job
  const [all, head] = classShares.length > 0 ? [classCandidates, ` for ${classShares.length} classes`] : [candidates, '']
  const definition = definitionOf(name, all, head)
  const options = readOptions(name, definition.options, given)
  const shares = sharesOf(classShares.length > 0 ? classShares : [1 - baseRate, baseRate])
  const scale = matched ? meanSlope(Object.values(all)[0]!, {}, shares) / meanSlope(definition, options, shares) : 1
  const scaled = (x: Tensor) => (scale === 1 ? x : mul(x, scale))
  const values = Object.values(options)
  return {
    name,
    label: values.length === 0 ? name : `${name}(${values.join(', ')})`,
    scale,
    loss: (logits, labels) => scaled(definition.loss(logits, labels, options)),
    derivative: (logits, labels) => scaled(definition.derivative(logits, labels, options)),
  }
}

function definitionOf(name: string, all: typeof candidates, head: string): CandidateDefinition<string> {
  const definition = Object.hasOwn(all, name) ? all[name] : undefined
  if (definition) return definition
  const near = nearestName(name, Object.keys(all))
  const hint = near === null ? '' : `; did you mean ${near}?`
  throw configError('unknown-loss', `[loss] wanted one of ${Object.keys(all).join(', ')}${head}, got '${name}'${hint}`)
}

/** Shares that are all positive and sum to 1. */
function sharesOf(given: readonly number[]): number[] {
  if (!given.every((share) => share >= 0 && share <= 1))
    throw configError('label-shares', `[loss] wanted shares from 0 to 1, got ${given.join(', ')}`)
  const raised = given.map((share) => Math.max(share, SMALLEST_SHARE))
  const sum = raised.reduce((total, share) => total + share, 0)
  return raised.map((share) => share / sum)
}

/** Mean |∂l/∂z| over labels drawn with these shares, where the model predicts them. */
function meanSlope(definition: CandidateDefinition<string>, options: Options, shares: readonly number[]): number {
  return shares.reduce((sum, share, label) => sum + share * definition.slope(label, shares, options), 0)
}
