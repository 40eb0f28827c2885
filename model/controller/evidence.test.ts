/** Centred tangents against their formula: logits moved along V, weights moved along a direction of phi, both by central differences in float64. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CandidateJob } from '../../common/job/loss.js'
import { innerSize, nameOf, type Tensor } from '../graph.js'
import { buildTrainingGraph, type ModelChoice } from '../model.js'
import type { DenseValue, Value } from '../op.js'
import { initialRows } from '../philox.js'
import { evaluate } from '../reference.js'
import { classCandidates, clickCandidates, searchOf, sliceFacts } from './controller-job.test.support.js'
import { evidenceLayout } from './evidence.js'
import { buildSearchGraph } from './search-graph.js'

const ROWS = 7
const model: ModelChoice = { kind: 'deepfm', embedding: 3, hidden: [5, 4], dropout: 0.3 }
const randomness = { seed: 1n, step: 3, lane: 2 }
const h = 1e-5

function valueFor(leaf: Tensor, batch: number, classes: number): DenseValue {
  const shape = leaf.shape.map((dim) => (dim === 'B' ? batch : dim))
  const draws = initialRows({ kind: 'uniform', bound: 0.5 }, 6n, nameOf(leaf), 0, 1, innerSize(leaf.shape) * (leaf.shape[0] === 'B' ? batch : 1))
  const below = leaf.dtype === 'i64' ? ROWS : nameOf(leaf) === 'labels' ? Math.max(classes, 2) : 0
  if (nameOf(leaf) === 'temperature') return { shape, data: Float64Array.of(0.7) }
  return { shape, data: Float64Array.from(draws, (u) => (below > 0 ? Math.floor((u + 0.5) * below) : u)) }
}

function setUp(candidates: CandidateJob[], classes: number, batch: number) {
  const training = buildTrainingGraph(model, { fields: 2, numbers: 2, rows: ROWS, classes }, searchOf(candidates), sliceFacts)
  const leaves = [...training.parameters, ...training.tables]
  const all = [...training.graph.inputs, ...leaves, ...leaves.map((leaf) => training.graph.tangentOf(leaf))]
  const values = new Map<string, Value>(all.map((leaf) => [nameOf(leaf), valueFor(leaf, batch, classes)]))
  return { training, leaves, values }
}

for (const [what, candidates, classes] of [['clicks', clickCandidates, 1], ['three classes', classCandidates, 3]] as const) // biome-ignore format: one line
  for (const centre of [0, 0.4, 1])
    test(`${what}: dS and Σ|t| of tangents less ${centre} of their mean`, () => {
      const batch = 6
      const { training, leaves, values } = setUp([...candidates], classes, batch)
      const { weights, derivatives, learned } = training.mixture!
      const numbers = (x: Tensor, changed: [string, DenseValue][]) =>
        [...(evaluate([x], { values: new Map([...values, ...changed]), batch, randomness })[0] as DenseValue).data] // biome-ignore format: one line
      const along = (name: string, direction: Float64Array, by: number): [string, DenseValue] => {
        const { shape, data } = values.get(name) as DenseValue
        return [name, { shape, data: data.map((value, i) => value + by * direction[i]!) }]
      }
      const slope = (x: Tensor, moved: (by: number) => [string, DenseValue][]) => {
        const [up, down] = [numbers(x, moved(h)), numbers(x, moved(-h))]
        return up.map((value, i) => (value - down[i]!) / (2 * h))
      }

      const zdot = slope(training.logits, (by) => leaves.map((leaf) => along(nameOf(leaf), (values.get(`tangent of ${nameOf(leaf)}`) as DenseValue).data, by))) // biome-ignore format: one line
      const means = Array.from({ length: classes }, (_, c) => zdot.reduce((sum, t, i) => sum + (i % classes === c ? t : 0), 0) / batch)
      const t = zdot.map((each, i) => each - centre * means[i % classes]!)

      const { size } = learned!.controller
      const direction = Float64Array.from({ length: size }, (_, i) => Math.sin(5 * i + 2))
      const moved = slope(weights, (by) => [along('controller', direction, by)])
      const pushes = derivatives.map((each) => numbers(each, []))
      const wanted = -t.reduce((sum, each, i) => {
        const n = Math.floor(i / classes)
        return sum + pushes.reduce((of, push, k) => of + each * push[i]! * moved[n * candidates.length + k]!, 0)
      }, 0)

      const found = numbers(buildSearchGraph(training, centre)!.evidence, [])
      const { dS, tangents } = evidenceLayout(size)
      const got = direction.reduce((sum, d, i) => sum + d * found[dS + i]!, 0)
      // Central differences of smooth functions at 1e-5, of values of about one.
      assert.ok(Math.abs(got - wanted) < 1e-7 * (1 + Math.abs(wanted)), `dS: wanted ${wanted}, got ${got}`)
      const sum = t.reduce((total, each) => total + Math.abs(each), 0)
      assert.ok(Math.abs(found[tangents]! - sum) < 1e-7 * sum, `Σ|t|: wanted ${sum}, got ${found[tangents]}`)
    })

test('a batch of none has no evidence, also where tangents are centred', () => {
  const { training, values } = setUp(clickCandidates, 1, 0)
  const [found] = evaluate([buildSearchGraph(training, 1)!.evidence], { values, batch: 0, randomness }) as [DenseValue]
  assert.ok(found.data.every((value) => value === 0))
})
