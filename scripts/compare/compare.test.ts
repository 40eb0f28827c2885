import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseJob } from '../../common/job/parse-job.js'
import { assertWellFormed } from '../draw/well-formed.test-support.js'
import type { KeptResult } from '../kept-result.js'
import { armsOf, baselineOf } from './arms.js'
import { drawComparison } from './draw-comparison.js'
import { type Comparison, markdownReport, terminalReport } from './report.js'
import { type Cell, cellOf, differencesBySeed, measuresOf, summarise } from './summary.js'

const jobOf = (loss: string, data = '') => parseJob(`data: {train: log.tsv${data}}\nloss: ${loss}`, { file: '/jobs/ads.yaml' })
const names = (loss: string) => armsOf(jobOf(loss), undefined, []).map(({ name }) => name)

test('a search is compared with its candidates, simple mixtures, other periods and noise', () => {
  const singles = ['bce', 'focal-2', 'bce_noisy-0.3']
  const search = '{search: [bce, focal, {name: bce_noisy, rho: 0.3}]'
  assert.deepEqual(names(`${search}}`), [...singles, 'equal', 'static', 'search', 'search-7', 'search-gumbel'])
  assert.deepEqual(names(`${search}, controller: {period: 7}}`), [...singles, 'equal', 'static', 'search', 'search-1', 'search-gumbel'])
  assert.deepEqual(names(`${search}, controller: {gumbel: true}}`), [...singles, 'equal', 'static', 'search', 'search-7'])
  assert.deepEqual(names(`${search}, controller: {frozen: true, from: a}}`), [...singles, 'equal', 'static', 'search', 'search-gumbel'])
})

test('every arm is a job that parses', () => {
  const job = jobOf('{search: [bce, focal], controller: {from: a, hidden: [8]}}')
  for (const { name, loss } of armsOf(job, undefined, [])) {
    const { data } = job
    const again = parseJob(JSON.stringify({ ...job, loss }), { file: '/elsewhere/b.yaml' })
    assert.deepEqual(again.loss, loss, name)
    assert.deepEqual(again.data, data, 'the split is the same for all')
  }
})

test('arms are chosen by name, or by the name of a candidate', () => {
  const job = jobOf('{search: [bce, focal]}')
  const own = { name: 'mine', loss: jobOf('mse').loss }
  assert.deepEqual(
    armsOf(job, ['focal', 'search'], [own]).map(({ name }) => name),
    ['focal-2', 'search', 'mine'],
  )
  assert.throws(() => armsOf(job, ['serch'], []), {
    code: 'compare-arms',
    message: /wanted some of bce, focal-2, .*got serch; did you mean search\?/,
  })
  assert.throws(() => armsOf(job, undefined, [{ ...own, name: 'equal' }]), { code: 'compare-arms', message: /got equal, which is taken/ })
  assert.throws(() => armsOf(jobOf('bce'), undefined, []), { code: 'compare-arms', message: /wanted a job that searches losses/ })
})

test('the baseline is plain cross-entropy wherever it stands', () => {
  assert.equal(baselineOf(armsOf(jobOf('{search: [focal, bce]}'), undefined, [])).name, 'bce')
  assert.equal(baselineOf(armsOf(jobOf('{search: [kl, ce]}', ', classes: 3'), undefined, [])).name, 'ce')
  assert.equal(baselineOf(armsOf(jobOf('{search: [focal, mse]}'), ['search', 'mse'], [])).name, 'search')
})

const metric = (split: string, epoch: number, auc: number, logloss: number) => ({
  ...{ split, epoch, step: 10 * epoch, auc, logloss, calibration: 1, examples: 100 },
  ...{ accuracy: Number.NaN, recalibrated: Number.NaN },
})

test('the epoch that counts: the last, or the best by validation, never by test', () => {
  const metrics = [
    metric('validation', 1, 0.7, 0.41),
    metric('test', 1, 0.71, 0.45),
    metric('validation', 2, 0.7, 0.43),
    metric('test', 2, 0.72, 0.44),
  ]
  const result = { metrics, runDirectory: '/r', stepMs: 32 } as unknown as KeptResult
  const last = cellOf('bce', 1, result, 'last')
  assert.equal(last.scores?.auc, 0.72)
  assert.equal(last.stepMs, 32)
  assert.deepEqual(
    last.epochs.map(({ epoch }) => epoch),
    [1, 2],
  )
  assert.equal(cellOf('bce', 1, result, 'best-validation').scores?.auc, 0.71)
})

const cell = (arm: string, seed: number, auc: number, logloss: number, stepMs: number): Cell => {
  const scores = { epoch: 1, auc, logloss, accuracy: Number.NaN, recalibrated: Number.NaN }
  return { arm, seed, runDirectory: `/out/${arm}-seed${seed}`, scores, epochs: [scores], stepMs }
}
const cells: Cell[] = [
  cell('bce', 1, 0.7, 0.5, 10),
  cell('bce', 2, 0.72, 0.48, 10),
  cell('bce', 3, 0.74, 0.46, 20),
  cell('search', 1, 0.71, 0.49, 15),
  cell('search', 2, 0.74, 0.45, 13),
  cell('search', 3, 0.77, 0.41, 28),
  cell('hinge', 1, 0.69, 0.6, 10),
  { ...cell('hinge', 2, 0, 0, Number.NaN), scores: null, epochs: [] },
]
const arms = ['bce', 'search', 'hinge']
const comparison: Comparison = {
  ...{ job: 'ads', baseline: 'bce', seeds: [1, 2, 3], epoch: 'last', cells },
  ...{ measured: measuresOf(cells, 1), arms: summarise(arms, 'bce', cells) },
}

test('differences are paired by seed; runs that diverged count for nothing but their number', () => {
  const [bce, search, hinge] = comparison.arms
  const near = (got: number, wanted: number) => assert.ok(Math.abs(got - wanted) < 1e-9, `${got}, wanted ${wanted}`)
  near(bce!.measures.auc.spread.mean, 0.72)
  near(bce!.measures.auc.spread.sd, 0.02)
  // 0.01, 0.02, 0.03: mean 0.02, deviation 0.01, half width 4.30265273 · 0.01 / √3.
  near(search!.measures.auc.difference.mean, 0.02)
  near(search!.measures.auc.difference.high, 0.02 + (4.302652729749464 * 0.01) / Math.sqrt(3))
  near(search!.relaImpr, 0.24 / 0.22 - 1)
  near(search!.stepTime, 1.4)
  near(differencesBySeed('search', 'bce', cells, 'logloss')[2]!, -0.05)
  assert.deepEqual([hinge!.runs, hinge!.diverged, hinge!.measures.auc.spread.n], [2, 1, 1])
  assert.deepEqual(comparison.measured, ['auc', 'logloss'])
})

test('the reports say what the numbers are', () => {
  const text = terminalReport(comparison)
  assert.match(text, /search +3 +0\.74000 ± 0\.03000 +\+0\.02000 \[−0\.00484, \+0\.04484\] .*\+9\.09 % +1\.40×/)
  assert.match(text, /hinge +2 \(1 diverged\) +0\.69000 /)
  const page = markdownReport(comparison, 'compare.svg')
  assert.match(page, /\| hinge \| 2 \| diverged \| diverged \| - \| hinge-seed2 \|/)
  assert.match(page, /3 arms, 3 seeds \(1, 2, 3\)/)
  const svg = drawComparison(comparison)
  assertWellFormed(svg)
  for (const words of ['search', 'hinge', 'Δ AUC', 'Δ logloss', 'losses against bce']) assert.ok(svg.includes(words), words)
})
