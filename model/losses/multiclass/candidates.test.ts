/** Every candidate for classes: against textbook formulas, autodiff, central differences, its scale, extreme logits, and against click labels where C = 2. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gradients } from '../../autodiff.js'
import { Graph } from '../../graph.js'
import type { DenseValue } from '../../op.js'
import { reduceSum } from '../../ops/reduce-sum.js'
import { evaluate } from '../../reference.js'
import type { Candidate } from '../candidate.js'
import { candidateOf } from '../candidate-of.js'
import { classCandidates } from '../index.js'

const jobs = [{ name: 'ce' }, { name: 'focal' }, { name: 'focal', gamma: 0.5 }, { name: 'kl' }, { name: 'kl', epsilon: 0 }, { name: 'hinge' }]
const shares = [0.1, 0.05, 0.2, 0.4, 0.25]
const labelled = jobs.map((job) => candidateOf(job, { baseRate: 0, classShares: shares }))

type Point = readonly [logits: readonly number[], label: number]

/** Losses, derivatives and autodiff's derivatives, each logit's after the other. */
function at(candidate: Candidate, points: readonly Point[]) {
  const classes = points[0]![0].length
  const graph = new Graph()
  const [z, y] = [graph.input('z', ['B', classes]), graph.input('y', ['B'])]
  const loss = candidate.loss(z, y)
  assert.deepEqual(loss.shape, ['B'])
  const outputs = [loss, candidate.derivative(z, y), gradients(reduceSum(loss, 0), [z])[0]!]
  const values = new Map([
    ['z', { shape: [points.length, classes], data: Float64Array.from(points.flatMap(([logits]) => logits)) }],
    ['y', { shape: [points.length], data: Float64Array.from(points, ([, label]) => label) }],
  ])
  return (evaluate(outputs, { values, batch: points.length }) as DenseValue[]).map(({ data }) => [...data]) as [number[], number[], number[]]
}

const rows = [
  [0, 0.1, -0.2, 0.3, 0.05],
  [3, -2, 0.5, 1, -1],
  [-8, 4, 6, 5.5, 0.3],
  [100.2, 101, 99, 100.5, 98],
]
const points = rows.flatMap((logits) => shares.map((_, label): Point => [logits, label]))

function softmaxOf(logits: readonly number[]): number[] {
  const powers = logits.map((z) => Math.exp(z - logits[0]!))
  return powers.map((power) => power / powers.reduce((sum, each) => sum + each, 0))
}

const textbook: Record<string, (logits: readonly number[], label: number, option: number) => number> = {
  ce: (logits, label) => -Math.log(softmaxOf(logits)[label]!),
  focal(logits, label, gamma) {
    const p = softmaxOf(logits)[label]!
    return -((1 - p) ** gamma) * Math.log(p)
  },
  kl: (logits, label, epsilon) =>
    softmaxOf(logits).reduce((sum, p, c) => {
      const q = (c === label ? 1 - epsilon : 0) + epsilon / logits.length
      return q === 0 ? sum : sum + q * Math.log(q / p)
    }, 0),
  hinge: (logits, label) => Math.max(0, ...logits.map((z, c) => (c === label ? 0 : 1 + z - logits[label]!))),
}

test('every candidate is known by its formula', () => {
  assert.deepEqual(Object.keys(textbook), Object.keys(classCandidates))
  for (const [i, candidate] of labelled.entries()) {
    const { name, ...options } = jobs[i]! as { name: string }
    const option = (Object.values(options)[0] ?? Object.values(classCandidates[name]!.options)[0]?.default ?? 0) as number
    const [loss] = at(candidate, points)
    for (const [n, [logits, label]] of points.entries()) {
      const wanted = candidate.scale * textbook[name]!(logits, label, option)
      assert.ok(Math.abs(loss[n]! - wanted) < 1e-12 * (1 + wanted), `${candidate.label} of ${logits}, ${label}: wanted ${wanted}, got ${loss[n]}`)
    }
  }
})

for (const candidate of labelled) {
  test(`${candidate.label}: the derivative is autodiff's and that of central differences`, () => {
    const [, derivative, ruled] = at(candidate, points)
    for (const [i, d] of derivative.entries()) assert.ok(Math.abs(d - ruled[i]!) < 1e-13 * (1 + Math.abs(d)), `written ${d}, autodiff ${ruled[i]}`)
    const h = 1e-5
    for (let c = 0; c < shares.length; c++) {
      const lossAt = (move: number) =>
        at(
          candidate,
          points.map(([logits, label]) => [logits.with(c, logits[c]! + move), label]),
        )[0]
      const [above, below] = [lossAt(h), lossAt(-h)]
      for (const [n, [logits, label]] of points.entries()) {
        const measured = (above[n]! - below[n]!) / (2 * h)
        const d = derivative[n * shares.length + c]!
        // Logits near 100 lose two digits, a loss of 14 another.
        assert.ok(Math.abs(d - measured) < 2e-8, `${candidate.label} of ${logits}, ${label}: d/dz_${c} written ${d}, measured ${measured}`)
      }
    }
  })

  test(`${candidate.label} is finite at extreme logits, and never negative`, () => {
    const extreme = [
      [1000, -1000, 0, 999, -999],
      [-1000, -1000, -1000, -1000, -1000],
      [1000, 1000, 1000, 1000, 1000],
      [0, 0, 0, 0, 1000],
    ]
    const found = at(
      candidate,
      extreme.flatMap((logits) => shares.map((_, label): Point => [logits, label])),
    )
    assert.ok(found.flat().every(Number.isFinite), `${candidate.label}: ${found}`)
    assert.ok(found[0].every((loss) => loss > -1e-12))
    for (const [i, d] of found[1].entries()) assert.ok(Math.abs(d - found[2][i]!) < 1e-12)
  })
}

test("the mean size of the derivative at the classes' shares is that of ce", () => {
  const logits = shares.map(Math.log)
  for (const candidate of labelled) {
    const [, derivative] = at(
      candidate,
      shares.map((_, label) => [logits, label]),
    )
    const mean = derivative.reduce((sum, d, i) => sum + shares[Math.floor(i / shares.length)]! * Math.abs(d), 0)
    const wanted = shares.reduce((sum, share) => sum + 2 * share * (1 - share), 0)
    assert.ok(Math.abs(mean - wanted) < 1e-12, `${candidate.label}: wanted ${wanted}, got ${mean}`)
  }
})

test('of two classes each is the loss for clicks of the same name, of the difference of the logits', () => {
  const pairs = [-6, -0.7, 0, 0.4, 3].flatMap((z) => [0, 1].map((label): Point => [[0.3, 0.3 + z], label]))
  for (const job of jobs) {
    const ofClasses = candidateOf(job, { baseRate: 0, classShares: [0.8, 0.2] })
    const ofClicks = candidateOf({ ...job, name: job.name === 'ce' ? 'bce' : job.name }, { baseRate: 0.2 })
    const [loss, derivative] = at(ofClasses, pairs)
    const graph = new Graph()
    const [z, y] = [graph.input('z', ['B']), graph.input('y', ['B'])]
    const column = (data: number[]) => ({ shape: [data.length], data: Float64Array.from(data) })
    const values = new Map([
      ['z', column(pairs.map(([[a, b]]) => b! - a!))],
      ['y', column(pairs.map(([, label]) => label))],
    ])
    const [l, d] = evaluate([ofClicks.loss(z, y), ofClicks.derivative(z, y)], { values, batch: pairs.length }) as [DenseValue, DenseValue]
    for (let n = 0; n < pairs.length; n++) {
      const near = (got: number, wanted: number) => assert.ok(Math.abs(got - wanted) < 1e-12, `${ofClasses.label} ${pairs[n]}: ${wanted}, got ${got}`)
      near(loss[n]!, l.data[n]!)
      near(derivative[2 * n + 1]!, d.data[n]!)
      near(derivative[2 * n]!, -d.data[n]!)
    }
  }
})

test("the hinge's equal rivals share the push, and at its kink there is none", () => {
  const hinge = candidateOf({ name: 'hinge' }, { baseRate: 0, classShares: [0.3, 0.3, 0.4] })
  for (const found of at(hinge, [[[2, 2, 0], 2]]).slice(1))
    assert.deepEqual(
      found,
      [0.5, 0.5, -1].map((d) => d * hinge.scale),
    )
  for (const found of at(hinge, [[[1, 0, 2], 2]])) assert.ok(found.every((number) => number === 0))
})

test('labels of many classes find their column', () => {
  for (const classes of [2, 3, 7, 64, 1000]) {
    const ce = candidateOf({ name: 'ce' }, { baseRate: 0, classShares: new Array(classes).fill(1 / classes) })
    for (const label of [0, classes >> 1, classes - 1]) {
      const [, derivative] = at(ce, [[new Array(classes).fill(0), label]])
      assert.deepEqual(
        derivative.flatMap((d, c) => (d < 0 ? [c] : [])),
        [label],
      )
    }
  }
})

test('losses of clicks are refused for classes, and labels that never come have a scale', () => {
  const facts = { baseRate: 0, classShares: [0.5, 0.5, 0] }
  assert.throws(() => candidateOf({ name: 'bce' }, facts), {
    code: 'unknown-loss',
    message: "[loss] wanted one of ce, focal, kl, hinge for 3 classes, got 'bce'; did you mean ce?",
  })
  assert.throws(() => candidateOf({ name: 'ce', gamma: 1 }, facts), { message: "[loss] wanted options of ce: none, got 'gamma'" })
  assert.throws(() => candidateOf({ name: 'ce' }, { baseRate: 0, classShares: [1.5, -0.5] }), { code: 'label-shares' })
  for (const job of jobs) assert.ok(Number.isFinite(candidateOf(job, facts).scale))
})
