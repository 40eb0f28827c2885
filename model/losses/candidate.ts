/**
 * What a candidate loss is: options with defaults and ranges, the loss and its derivative in ops, and its slope in plain numbers, from which
 * its scale follows. A file of this folder defines one for click labels, a file of multiclass/ one for classes; docs/losses.md shows how.
 * The scale makes the mean |∂l/∂z| at p = the base rate that of bce (of ce), so that the weights of a mixture mean what they say.
 */
import { configError } from '../../common/errors.js'
import type { Tensor } from '../graph.js'

/** A loss as training uses it: options and scale are in it. */
export interface Candidate {
  readonly name: string
  /** The name with its options, `bce_noisy(0.3)`: what curves and pictures are labelled with. */
  readonly label: string
  /** What loss and derivative are multiplied with already. */
  readonly scale: number
  /** Logits [B] or [B, C] and labels [B] to one loss an example, [B]. */
  loss(logits: Tensor, labels: Tensor): Tensor
  /** ∂l/∂z of every example, of the logits' shape, in ops: weights of the mixture multiply it. */
  derivative(logits: Tensor, labels: Tensor): Tensor
}

/** A default and its limits: min and max belong to the range, above and below do not. */
export type OptionRange = { readonly default: number } & ({ readonly min: number } | { readonly above: number }) &
  ({ readonly max: number } | { readonly below: number })

export type Options = Readonly<Record<string, number>>

/** `Names` are the names of the options. */
export interface CandidateDefinition<Names extends string = never> {
  readonly options: Readonly<Record<Names, OptionRange>>
  loss(logits: Tensor, labels: Tensor, options: Readonly<Record<Names, number>>): Tensor
  derivative(logits: Tensor, labels: Tensor, options: Readonly<Record<Names, number>>): Tensor
  /**
   * |∂l/∂z| of an example with this label where the model predicts the base rate: `shares` are the probabilities of the labels, [1 − c, c] for
   * clicks. For classes the sum over the logits.
   */
  slope(label: number, shares: readonly number[], options: Readonly<Record<Names, number>>): number
}

/** Types a definition by the names of its options. */
export function defineCandidate<Names extends string>(definition: CandidateDefinition<Names>): CandidateDefinition<Names> {
  return definition
}

/** The definition's options, the job's over the defaults. Refuses unknown names and numbers out of range. */
export function readOptions(name: string, ranges: Readonly<Record<string, OptionRange>>, given: Readonly<Record<string, unknown>>): Options {
  for (const [option, value] of Object.entries(given)) {
    const range = Object.hasOwn(ranges, option) ? ranges[option] : undefined
    if (!range) throw configError('loss-option', `[loss] wanted options of ${name}: ${Object.keys(ranges).join(', ') || 'none'}, got '${option}'`)
    const fitsFrom = typeof value === 'number' && ('min' in range ? value >= range.min : value > range.above)
    const fitsTo = typeof value === 'number' && ('max' in range ? value <= range.max : value < range.below)
    if (!fitsFrom || !fitsTo) throw configError('loss-option', `[loss] wanted ${option} of ${name} ${showRange(range)}, got ${JSON.stringify(value)}`)
  }
  return Object.fromEntries(Object.entries(ranges).map(([option, range]) => [option, (given[option] as number | undefined) ?? range.default]))
}

function showRange(range: OptionRange): string {
  return `${'min' in range ? `from ${range.min}` : `above ${range.above}`} ${'max' in range ? `to ${range.max}` : `and below ${range.below}`}`
}
