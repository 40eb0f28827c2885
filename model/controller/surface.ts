/**
 * The picture of a controller: its weights over the probability p that the model gives, for each label, and for each value of a field where one
 * is asked for. Through the reference interpreter, in float64. Gumbel noise is left out: what is shown is the mean of what a low temperature draws.
 */
import type { DataFacts, FieldFacts } from '../../common/data-facts.js'
import { candidatesOf, type LossJob } from '../../common/job/loss.js'
import { Graph } from '../graph.js'
import { candidateOf } from '../losses/candidate-of.js'
import type { DenseValue } from '../op.js'
import { evaluate } from '../reference.js'
import { fieldNamed } from './field-facts.js'
import { controllerFor } from './training-weights.js'

export interface Surface {
  readonly candidates: string[]
  /** 33, ascending. For classes that of the label's class; the others share the rest. */
  readonly probabilities: number[]
  readonly rows: SurfaceRow[]
}

export interface SurfaceRow {
  readonly label: number
  /** null where no field was asked for. */
  readonly value: string | null
  /** [K][33] */
  readonly weights: number[][]
}

export interface SurfaceOptions {
  readonly loss: LossJob
  readonly facts: DataFacts
  readonly phi: Float32Array
  readonly temperature: number
  /** Its values get rows of their own. Of the others among the inputs the mean of the embeddings stands in, by how often each value came. */
  readonly field?: string
}

const POINTS = 33
/** Of classes only the first labels get rows. */
const LABELS = 5

export function controllerSurface({ loss, facts, phi, temperature, field }: SurfaceOptions): Surface {
  const classes = Math.max(facts.classShares.length, 1)
  const controller = controllerFor(loss, facts, classes)
  if (!controller) throw new RangeError(`wanted a loss with a controller, got ${loss.mode}`)
  const { fields } = controller.shape
  const probabilities = Array.from({ length: POINTS }, (_, i) => (i + 0.5) / POINTS)
  const shown = field === undefined ? [null] : fieldNamed(facts, field).values.map(({ text }) => text)
  const labels = Array.from({ length: Math.min(Math.max(classes, 2), LABELS) }, (_, label) => label)
  const rows = shown.flatMap((value) => labels.map((label) => ({ label, value })))
  const points = rows.flatMap((row) => probabilities.map((p) => ({ ...row, p })))

  const graph = new Graph()
  const inputs = {
    logits: graph.input('logits', classes === 1 ? ['B'] : ['B', classes]),
    labels: graph.input('labels', classes === 1 ? ['B'] : ['B', classes]),
  }
  const shares = new Map(fields.map(({ name, values }) => [name, graph.input(`field:${name}`, ['B', values.length])]))
  const [phiInput, temperatureInput] = [graph.input('controller', [phi.length]), graph.input('temperature', [1])]
  const { weights } = controller.weigh({ ...inputs, fields: shares }, phiInput, temperatureInput, false)
  const values = new Map<string, DenseValue>([
    ['logits', dense(points, classes === 1, ({ label, p }) => logitsOf(label, p, classes))],
    ['labels', dense(points, classes === 1, ({ label }) => (classes === 1 ? [label] : oneHotOf(label, classes)))],
    ...fields.map((each): [string, DenseValue] => [
      `field:${each.name}`,
      dense(points, false, ({ value }) => sharesOf(each, each.name === field ? value : null)),
    ]),
    ['controller', { shape: [phi.length], data: Float64Array.from(phi) }],
    ['temperature', { shape: [1], data: Float64Array.of(temperature) }],
  ])
  const found = (evaluate([weights], { values, batch: points.length })[0] as DenseValue).data
  const count = controller.shape.candidates
  return {
    candidates: candidatesOf(loss).map((candidate) => candidateOf(candidate, facts).label),
    probabilities,
    rows: rows.map((row, r) => ({
      ...row,
      weights: Array.from({ length: count }, (_, k) => probabilities.map((_, i) => found[(r * POINTS + i) * count + k]!)),
    })),
  }
}

/** Logits at which the model gives `label` the probability p; of clicks 1 has p, whatever the label. */
function logitsOf(label: number, p: number, classes: number): number[] {
  if (classes === 1) return [Math.log(p / (1 - p))]
  return Array.from({ length: classes }, (_, c) => Math.log(c === label ? p : (1 - p) / (classes - 1)))
}

function oneHotOf(label: number, classes: number): number[] {
  return Array.from({ length: classes }, (_, c) => (c === label ? 1 : 0))
}

function sharesOf({ values }: FieldFacts, value: string | null): number[] {
  if (value !== null) return values.map(({ text }) => (text === value ? 1 : 0))
  const total = values.reduce((sum, { count }) => sum + count, 0)
  return values.map(({ count }) => (total > 0 ? count / total : 1 / values.length))
}

function dense<Point>(points: readonly Point[], flat: boolean, rowOf: (point: Point) => number[]): DenseValue {
  const data = points.flatMap(rowOf)
  return { shape: flat ? [points.length] : [points.length, data.length / points.length], data: Float64Array.from(data) }
}
