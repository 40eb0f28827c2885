/** What a surface says, in sentences: which kind of example is mostly trained with which loss. Computed from the weights alone. */
import { type Stretch, stretches } from './stretches.js'
import { labelsOf, meanMixture, rowDistance, valuesOf } from './surface-cells.js'
import type { Surface } from './surfaces.js'

/** Classes are called as in the log, from `firstClass`. */
export interface Wording {
  /** Of whose values the surface is; '': of all examples. */
  readonly field: string
  readonly firstClass: number
}

/** One to three sentences, the most telling first. */
export function surfaceWords(surface: Surface, { field, firstClass }: Wording): string[] {
  if (isEven(surface)) return [`All candidates weigh about the same, ${short(1 / surface.candidates.length)} each: nothing is learned yet.`]
  if (field === '') return labelWords(surface, '', firstClass)
  const widest = widestPair(surface)
  if (widest === undefined) return labelWords(surface, valuesOf(surface)[0] ?? '', firstClass)
  if (widest.distance < 0.1)
    return [
      `All values of ${field} are trained alike: their weights differ by at most ${short(widest.distance)}.`,
      ...labelWords(surface, widest.a, firstClass),
    ]
  const { label, a, b } = widest
  const [first, second] = [a, b].map(
    (value) => `${value === '' ? 'the empty value' : value} is trained ${mostly(surface, strongest(surface, label, value))}`,
  )
  return [`The values of ${field} are told apart: with y = ${label + firstClass}, ${first}, ${second}.`]
}

/** No weight is further from equal shares than a tenth. */
function isEven({ rows, candidates }: Surface): boolean {
  return rows.every(({ weights }) => weights.every((weight) => Math.abs(weight - 1 / candidates.length) < 0.1))
}

/** For each of the first three labels, its one or two longest stretches; one sentence where all labels have the same. */
function labelWords(surface: Surface, value: string, firstClass: number): string[] {
  const same = sameEverywhere(surface, value)
  if (same !== undefined) return [`All examples, whatever their label and p, are trained mostly with ${same}.`]
  return labelsOf(surface)
    .slice(0, 3)
    .map((label) => {
      const all = stretches(surface, label, value)
      const longest = [...all].sort((a, b) => b.to - b.from - (a.to - a.from)).slice(0, 2)
      const parts = longest
        .sort((a, b) => a.from - b.from)
        .map((stretch) => `${all.length > 1 ? ` and ${range(surface, stretch)}` : ''} are trained ${mostly(surface, stretch)}`)
      return `Examples with y = ${label + firstClass}${parts.join(', those with').replace('those with and', 'those with')}.`
    })
}

/** The candidate that has most of the weight over all labels and probabilities, with its least and greatest mean weight by label. */
function sameEverywhere(surface: Surface, value: string): string | undefined {
  const labels = labelsOf(surface).map((label) => stretches(surface, label, value))
  const { candidate } = labels[0]![0]!
  if (labels.length < 2 || labels.some(([first, ...more]) => more.length > 0 || first!.candidate !== candidate || first!.weight <= 0.5))
    return undefined
  const weights = labels.map(([only]) => only!.weight)
  const [least, most] = [Math.min(...weights), Math.max(...weights)].map(short)
  return `${surface.candidates[candidate]} (${least === most ? least : `${least} to ${most} by label`})`
}

export interface Pair {
  readonly label: number
  readonly a: string
  readonly b: string
  readonly distance: number
}

/** The two values whose mixtures differ most; undefined where there is one value. */
export function widestPair(surface: Surface): Pair | undefined {
  const values = valuesOf(surface)
  let widest: Pair | undefined
  for (const label of labelsOf(surface))
    for (const [i, a] of values.entries())
      for (const b of values.slice(i + 1)) {
        const distance = rowDistance(surface, label, a, b)
        if (widest === undefined || distance > widest.distance) widest = { label, a, b, distance }
      }
  return widest
}

/** The candidate that weighs most over all probabilities. */
function strongest(surface: Surface, label: number, value: string): { candidate: number; weight: number } {
  const means = meanMixture(surface, label, value)
  const weight = Math.max(...means)
  return { candidate: means.indexOf(weight), weight }
}

/** Half of the weight or less is the most of several, not most of it. */
const mostly = ({ candidates }: Surface, { candidate, weight }: { candidate: number; weight: number }) =>
  weight > 0.5 ? `mostly with ${candidates[candidate]} (${short(weight)})` : `with a mixture led by ${candidates[candidate]} (${short(weight)})`

function range({ probabilities }: Surface, { from, to }: Stretch): string {
  const edge = (at: number) => short((probabilities[at - 1]! + probabilities[at]!) / 2)
  if (from === 0) return `p < ${edge(to + 1)}`
  if (to === probabilities.length - 1) return `p > ${edge(from)}`
  return `${edge(from)} < p < ${edge(to + 1)}`
}

const short = (value: number) => value.toFixed(2)
