import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ControllerJob } from '../../common/job/loss.js'
import { innerSize } from '../graph.js'
import { classCandidates, clickCandidates, searchOf, sliceFacts, smallController } from './controller-job.test.support.js'
import { initialController } from './initial-controller.js'
import { controllerSurface } from './surface.js'
import { controllerFor } from './training-weights.js'

const close = (got: number, wanted: number, what: string) => assert.ok(Math.abs(got - wanted) < 1e-12, `${what}: wanted ${wanted}, got ${got}`)

/** No zeros anywhere: every number of phi matters. */
function busyPhi(size: number): Float32Array {
  return Float32Array.from({ length: size }, (_, i) => Math.sin(3 * i + 1))
}

/** The network in plain loops over phi in the order that the plan says: vectors, direct weight, hidden weight and bias, last weight and bias. */
function plainWeights(phi: Float32Array, inputs: number[][], hidden: number[], temperature: number, candidates: number): number[] {
  const x = inputs.flat()
  let h = x
  let at = phi.length - sizesOf(h.length, [...hidden, candidates])
  const direct = at - x.length * candidates
  for (const [layer, units] of [...hidden, candidates].entries()) {
    const bias = at + h.length * units
    const sums = Array.from({ length: units }, (_, j) => h.reduce((sum, x, i) => sum + x * phi[at + i * units + j]!, phi[bias + j]!))
    h = layer === hidden.length ? sums : sums.map((x) => Math.max(x, 0))
    at = bias + units
  }
  const a = h.map((behind, k) => x.reduce((sum, value, i) => sum + value * phi[direct + i * candidates + k]!, behind))
  const powers = a.map((each) => Math.exp(each / temperature))
  return powers.map((power) => power / powers.reduce((a, b) => a + b))
}

const sizesOf = (width: number, layers: number[]): number => {
  return layers.reduce((sum, units, i) => sum + ((i === 0 ? width : layers[i - 1]!) + 1) * units, 0)
}

test('the surface is what plain loops over phi compute, for every value of a field and for the mean of its vectors', () => {
  const loss = searchOf(clickCandidates)
  const { size } = controllerFor(loss, sliceFacts, 1)!
  const phi = busyPhi(size)
  const counts = [1, 3, 4, 6]
  for (const field of [undefined, 'slice']) {
    const { candidates, probabilities, rows } = controllerSurface({ loss, facts: sliceFacts, phi, temperature: 0.7, ...(field && { field }) })
    assert.deepEqual(candidates, ['bce', 'focal(2)', 'hinge', 'bce_noisy(0.2)'])
    assert.equal(probabilities.length, 33)
    const wanted = (field ? ['s0', 's2', 's3', 's5'] : [null]).flatMap((value) => [0, 1].map((label) => ({ label, value })))
    assert.deepEqual(
      rows.map(({ label, value }) => ({ label, value })),
      wanted,
    )
    for (const [r, { label: y, weights }] of rows.entries())
      for (const [i, p] of probabilities.entries()) {
        const place = Math.floor(r / 2)
        const vector = [0, 1].map((column) => {
          if (field) return phi[2 * place + column]!
          return counts.reduce((sum, count, v) => sum + (count / 14) * phi[2 * v + column]!, 0)
        })
        const z = Math.log(p / (1 - p))
        const inputs = [[2 * y - 1, Math.min(Math.max(z / 4, -2.5), 2.5), 2 * p - 1, 2 * Math.abs(y - p) - 1], vector]
        plainWeights(phi, inputs, [4, 3], 0.7, 4).forEach((weight, k) => {
          close(weights[k]![i]!, weight, `row ${r}, candidate ${k}, p ${p}`)
        })
      }
  }
})

test('first weights are uniform, whatever is known', () => {
  for (const [loss, facts] of [
    [searchOf(clickCandidates), sliceFacts],
    [searchOf(classCandidates), { ...sliceFacts, classShares: [0.2, 0.3, 0.5] }],
    [{ mode: 'static', candidates: clickCandidates, controller: smallController }, sliceFacts],
  ] as const) {
    const { parameters, size } = controllerFor(loss, facts, facts.classShares.length || 1)!
    assert.equal(
      parameters.reduce((sum, { shape }) => sum + innerSize(shape), 0),
      size,
    )
    const phi = initialController(parameters, 5n)
    assert.equal(phi.length, size)
    const { candidates, rows } = controllerSurface({ loss, facts, phi, temperature: 1 })
    for (const { weights } of rows) for (const weight of weights.flat()) close(weight, 1 / candidates.length, 'first weight')
  }
})

test('first weights of the layers before are drawn by name: a seed changes them, an input more leaves the others alone', () => {
  const phiOf = (options: Partial<ControllerJob>, seed: bigint) =>
    initialController(controllerFor(searchOf(clickCandidates, options), sliceFacts, 1)!.parameters, seed)
  assert.deepEqual(phiOf({}, 1n), phiOf({}, 1n))
  assert.notDeepEqual(phiOf({}, 1n), phiOf({}, 2n))
  const vectors = phiOf({ inputs: ['field:slice'] }, 1n).subarray(0, 8)
  assert.deepEqual(vectors, phiOf({ inputs: ['field:slice', 'y'] }, 1n).subarray(0, 8))
  assert.ok(vectors.some((value) => value !== 0))
})

test('a static weighing is a bias vector; with Gumbel noise the surface shows its mean, whatever the temperature', () => {
  const phi = Float32Array.of(1, 0, 2, -1)
  const wanted = [1, 0, 2, -1].map((a) => Math.exp(a) / [1, 0, 2, -1].reduce((sum, b) => sum + Math.exp(b), 0))
  const loss = { mode: 'static' as const, candidates: clickCandidates, controller: { ...smallController, gumbel: true } }
  for (const { weights } of controllerSurface({ loss, facts: sliceFacts, phi, temperature: 0.01 }).rows)
    for (const [k, over] of weights.entries()) for (const weight of over) close(weight, wanted[k]!, 'static weight')
})

test('a field that the survey does not have is refused', () => {
  const loss = searchOf(clickCandidates, { inputs: ['field:elsewhere'] })
  const message = /wanted one of the surveyed fields slice, got 'elsewhere'/
  assert.throws(() => controllerFor(loss, sliceFacts, 1), { kind: 'config', code: 'controller-field', message })
})
