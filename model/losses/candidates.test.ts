/**
 * Every candidate for click labels: values against formulas written another way, the derivative against autodiff and central differences,
 * the scale against a sum over labels drawn with the base rate, and nothing but finite numbers where logits are extreme.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gradients } from '../autodiff.js'
import { Graph } from '../graph.js'
import type { DenseValue } from '../op.js'
import { reduceSum } from '../ops/reduce-sum.js'
import { evaluate } from '../reference.js'
import type { Candidate } from './candidate.js'
import { candidateOf } from './candidate-of.js'
import { candidates } from './index.js'

const jobs = [
  { name: 'bce' },
  { name: 'focal' },
  { name: 'focal', gamma: 0.5 },
  { name: 'kl' },
  { name: 'kl', epsilon: 0 },
  { name: 'hinge' },
  { name: 'squared_hinge' },
  { name: 'mse' },
  { name: 'bce_noisy', rho: 0.3 },
  { name: 'bce_noisy', rho: 1e-30 },
  { name: 'bce_noisy', rho: 0.4999 },
]
const rates = [0.5, 0.27, 0.25, 0.03, 0.9]
const labelled = jobs.map((job) => candidateOf(job, { baseRate: 0.25 }))

/** Loss, derivative and autodiff's derivative at these logits and labels. */
function at(candidate: Candidate, points: readonly (readonly [logit: number, label: number])[]) {
  const graph = new Graph()
  const [z, y] = [graph.input('z', ['B']), graph.input('y', ['B'])]
  const loss = candidate.loss(z, y)
  const outputs = [loss, candidate.derivative(z, y), gradients(reduceSum(loss, 0), [z])[0]!]
  const column = (i: 0 | 1) => ({ shape: [points.length], data: Float64Array.from(points, (point) => point[i]) })
  const values = new Map([
    ['z', column(0)],
    ['y', column(1)],
  ])
  return (evaluate(outputs, { values, batch: points.length }) as DenseValue[]).map(({ data }) => [...data]) as [number[], number[], number[]]
}

const points = [-30, -5, -1.7, -0.4, 0, 0.3, 0.99, 2, 6, 30].flatMap((z) => [0, 1].map((y): [number, number] => [z, y]))
const sigma = (z: number) => 1 / (1 + Math.exp(-z))

/** The formulas as a textbook has them, by the probability p_t of the label seen. */
const textbook: Record<string, (pt: number, z: number, y: number, option: number) => number> = {
  bce: (pt) => -Math.log(pt),
  focal: (pt, _, __, gamma) => -((1 - pt) ** gamma) * Math.log(pt),
  kl(_, z, y, epsilon) {
    const q = (1 - epsilon) * y + epsilon / 2
    const part = (share: number, p: number) => (share === 0 ? 0 : share * Math.log(share / p))
    return part(q, sigma(z)) + part(1 - q, sigma(-z))
  },
  hinge: (_, z, y) => Math.max(0, 1 - (y === 1 ? z : -z)),
  squared_hinge: (_, z, y) => Math.max(0, 1 - (y === 1 ? z : -z)) ** 2,
  mse: (pt) => (1 - pt) ** 2,
  bce_noisy: (pt, _, __, rho) => -Math.log(rho + (1 - 2 * rho) * pt),
}

test('every candidate is known by its formula', () => {
  assert.deepEqual(Object.keys(textbook).sort(), Object.keys(candidates).sort())
  const moderate = points.filter(([z]) => Math.abs(z) < 10)
  for (const [i, candidate] of labelled.entries()) {
    const [loss] = at(candidate, moderate)
    const { name, ...options } = jobs[i]! as { name: string }
    const option = Object.values(options)[0] ?? Object.values(candidates[name]!.options)[0]?.default ?? 0
    for (const [n, [z, y]] of moderate.entries()) {
      const wanted = candidate.scale * textbook[name]!(sigma(y === 1 ? z : -z), z, y, option as number)
      // 1 − p_t of the textbook's form loses digits near 1, ours does not.
      assert.ok(
        Math.abs(loss[n]! - wanted) < 1e-11 * (1 + Math.abs(wanted)),
        `${candidate.label} at z ${z}, y ${y}: wanted ${wanted}, got ${loss[n]}`,
      )
    }
  }
})

for (const candidate of labelled) {
  test(`${candidate.label}: the derivative is autodiff's and that of central differences`, () => {
    const h = 1e-5
    const [loss, derivative, ruled] = at(candidate, points)
    const [above] = at(
      candidate,
      points.map(([z, y]) => [z + h, y]),
    )
    const [below] = at(
      candidate,
      points.map(([z, y]) => [z - h, y]),
    )
    for (const [n, [z, y]] of points.entries()) {
      const where = `${candidate.label} at z ${z}, y ${y}`
      const scale = candidate.scale * (1 + Math.abs(loss[n]! / candidate.scale))
      assert.ok(Math.abs(derivative[n]! - ruled[n]!) < 1e-14 * scale, `${where}: written ${derivative[n]}, autodiff ${ruled[n]}`)
      // Rounding of the losses over 2h, and h² times a third derivative below 4.
      const measured = (above[n]! - below[n]!) / (2 * h)
      assert.ok(Math.abs(derivative[n]! - measured) < 1e-9 * scale, `${where}: written ${derivative[n]}, measured ${measured}`)
    }
  })

  test(`${candidate.label} is finite at extreme logits, and never negative`, () => {
    const extreme = [-1000, -100, -40, 40, 100, 1000].flatMap((z) => [0, 1].map((y): [number, number] => [z, y]))
    const found = at(candidate, extreme)
    assert.ok(found.flat().every(Number.isFinite), `${candidate.label}: ${found}`)
    // The smallest value of bce_noisy, −log(1−ρ), and kl's 0 are differences of numbers near 1000.
    assert.ok(found[0].every((loss) => loss > -1e-12 * 1000 * candidate.scale))
    assert.deepEqual(
      found[1].map((d) => Math.abs(d) < 1e-12),
      found[2].map((d) => Math.abs(d) < 1e-12),
    )
  })
}

test('the mean derivative at the base rate is that of bce, 2c(1−c)', () => {
  for (const baseRate of rates)
    for (const job of jobs) {
      const candidate = candidateOf(job, { baseRate })
      const z = Math.log(baseRate / (1 - baseRate))
      const [, derivative] = at(candidate, [
        [z, 0],
        [z, 1],
      ])
      const mean = (1 - baseRate) * Math.abs(derivative[0]!) + baseRate * Math.abs(derivative[1]!)
      const wanted = 2 * baseRate * (1 - baseRate)
      assert.ok(Math.abs(mean - wanted) < 1e-12, `${candidate.label} at ${baseRate}: wanted ${wanted}, got ${mean}`)
    }
})

test('scales in closed form', () => {
  const scale = (job: { name: string; [option: string]: unknown }, baseRate: number) => candidateOf(job, { baseRate }).scale
  const c = 0.2
  assert.equal(scale({ name: 'bce' }, c), 1)
  const near = (got: number, wanted: number) => assert.ok(Math.abs(got - wanted) < 1e-12 * wanted, `wanted ${wanted}, got ${got}`)
  near(scale({ name: 'mse' }, c), 1 / (2 * c * (1 - c)))
  near(scale({ name: 'hinge' }, c), 2 * (1 - c))
  near(scale({ name: 'hinge' }, 0.4), 2 * 0.4 * 0.6)
  near(scale({ name: 'kl', epsilon: 0.1 }, c), (2 * c * (1 - c)) / (c * (0.95 - c) + (1 - c) * (c - 0.05)))
  near(scale({ name: 'bce_noisy', rho: 1e-15 }, c), 1)
  near(scale({ name: 'focal', gamma: 0 }, c), 1)
})

test("the hinge's kink belongs to the side without a push", () => {
  for (const name of ['hinge', 'squared_hinge']) {
    const candidate = candidateOf({ name }, { baseRate: 0.5 })
    const [loss, derivative, ruled] = at(candidate, [
      [1, 1],
      [-1, 0],
    ])
    for (const found of [loss, derivative, ruled]) assert.deepEqual(found.map(Math.abs), [0, 0])
    const [, inside] = at(candidate, [[1 - 1e-9, 1]])
    assert.ok(inside[0]! < 0)
  }
})

test('a base rate of 0 or 1 gives finite scales', () => {
  for (const baseRate of [0, 1])
    for (const job of jobs) assert.ok(Number.isFinite(candidateOf(job, { baseRate }).scale) && candidateOf(job, { baseRate }).scale > 0)
})

test('labels name what a candidate is', () => {
  const some = [{ name: 'bce' }, { name: 'focal' }, { name: 'kl', epsilon: 0 }, { name: 'bce_noisy', rho: 0.3 }]
  const labels = some.map((job) => candidateOf(job, { baseRate: 0.5 }).label)
  assert.deepEqual(labels, ['bce', 'focal(2)', 'kl(0)', 'bce_noisy(0.3)'])
})

test('names, options and facts that cannot be are refused', () => {
  const all = Object.keys(candidates).join(', ')
  const refusals: [job: { name: string; [option: string]: unknown }, message: string][] = [
    [{ name: 'focl' }, `[loss] wanted one of ${all}, got 'focl'; did you mean focal?`],
    [{ name: 'toString' }, `[loss] wanted one of ${all}, got 'toString'`],
    [{ name: 'ce' }, `[loss] wanted one of ${all}, got 'ce'; did you mean bce?`],
    [{ name: 'bce', gamma: 2 }, "[loss] wanted options of bce: none, got 'gamma'"],
    [{ name: 'focal', rho: 2 }, "[loss] wanted options of focal: gamma, got 'rho'"],
    [{ name: 'focal', gamma: -1 }, '[loss] wanted gamma of focal from 0 to 10, got -1'],
    [{ name: 'focal', gamma: '2' }, '[loss] wanted gamma of focal from 0 to 10, got "2"'],
    [{ name: 'focal', gamma: Number.NaN }, '[loss] wanted gamma of focal from 0 to 10, got null'],
    [{ name: 'kl', epsilon: 1 }, '[loss] wanted epsilon of kl from 0 and below 1, got 1'],
    [{ name: 'bce_noisy', rho: 0 }, '[loss] wanted rho of bce_noisy above 0 and below 0.5, got 0'],
    [{ name: 'bce_noisy', rho: 0.5 }, '[loss] wanted rho of bce_noisy above 0 and below 0.5, got 0.5'],
  ]
  for (const [job, message] of refusals) assert.throws(() => candidateOf(job, { baseRate: 0.3 }), { kind: 'config', message })
  assert.throws(() => candidateOf({ name: 'bce' }, { baseRate: Number.NaN }), { message: '[loss] wanted shares from 0 to 1, got NaN, NaN' })
})

test('unmatched, a candidate is its formula', () => {
  const noisy = { name: 'bce_noisy', rho: 0.3 }
  assert.notEqual(candidateOf(noisy, { baseRate: 0.25 }).scale, 1)
  assert.equal(candidateOf(noisy, { baseRate: 0.25 }, false).scale, 1)
})
