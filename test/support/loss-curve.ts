/** What a run wrote of its losses and scores, and how near it is to another's. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Metric } from '../../coordinator/run-directory.js'

export interface LossCurve {
  /** Of each step. */
  losses: number[]
  metrics: Pick<Metric, 'split' | 'step' | 'auc' | 'logloss' | 'examples'>[]
}

export function curveOf(run: string): LossCurve {
  const lines = readFileSync(join(run, 'metrics.jsonl'), 'utf8').trimEnd().split('\n')
  const records = lines.map((line) => JSON.parse(line) as Metric & { loss?: number })
  return {
    losses: records.flatMap(({ loss }) => loss ?? []),
    metrics: records.filter(({ split }) => split).map(({ split, step, auc, logloss, examples }) => ({ split, step, auc, logloss, examples })),
  }
}

/** Losses within `tolerance` of each other, relatively; an AUC within 1e-3, for two neighbours may change places: a pair of some 30,000. */
export function nearCurve(got: LossCurve, wanted: LossCurve, tolerance: number): void {
  assert.equal(got.losses.length, wanted.losses.length)
  got.losses.forEach((loss, i) => {
    near(`step ${i + 1}`, loss, wanted.losses[i]!, tolerance)
  })
  const counts = ({ metrics }: LossCurve) => metrics.map(({ split, step, examples }) => [split, step, examples])
  assert.deepEqual(counts(got), counts(wanted))
  got.metrics.forEach(({ split, step, auc, logloss }, i) => {
    near(`${split} logloss after ${step}`, logloss, wanted.metrics[i]!.logloss, tolerance)
    near(`${split} AUC after ${step}`, auc, wanted.metrics[i]!.auc, Math.max(tolerance, 1e-3))
  })
}

function near(what: string, got: number, wanted: number, tolerance: number): void {
  assert.ok(Math.abs(got - wanted) <= tolerance * Math.abs(wanted), `${what}: wanted ${wanted}, got ${got}`)
}
