/** From the runs of a comparison to its table: mean and deviation over seeds, differences to the baseline by seed, time a step. */
import type { KeptResult } from '../kept-result.js'
import { type Interval, median, pairedInterval, type Spread, spread } from './statistics.js'

/** Which epoch's test scores count: the last, or the one with the smallest validation logloss. Test scores choose nothing. */
export type EpochChoice = 'last' | 'best-validation'

export interface Scores {
  readonly epoch: number
  readonly auc: number
  readonly accuracy: number
  readonly logloss: number
  /** Logloss after one slope on the logits, fitted on validation. */
  readonly recalibrated: number
}

export interface Cell {
  readonly arm: string
  readonly seed: number
  readonly runDirectory: string
  /** null: the run diverged. */
  readonly scores: Scores | null
  /** Test scores of every epoch that has them. */
  readonly epochs: readonly Scores[]
  readonly stepMs: number
}

export type Measure = 'auc' | 'accuracy' | 'logloss' | 'recalibrated'

export interface ArmSummary {
  readonly arm: string
  readonly runs: number
  readonly diverged: number
  readonly measures: Readonly<Record<Measure, { readonly spread: Spread; readonly difference: Interval }>>
  /** (AUC − ½) / (baseline's AUC − ½) − 1, of the means. */
  readonly relaImpr: number
  /** Median over the seeds of the ratio to the baseline's time a step. */
  readonly stepTime: number
}

export const measures: Readonly<Record<Measure, { readonly title: string; readonly higherIsBetter: boolean }>> = {
  auc: { title: 'AUC', higherIsBetter: true },
  accuracy: { title: 'accuracy', higherIsBetter: true },
  logloss: { title: 'logloss', higherIsBetter: false },
  recalibrated: { title: 'logloss, recalibrated', higherIsBetter: false },
}

/** Measures that some run has. */
export function measuresOf(cells: readonly Cell[], classes: number): Measure[] {
  const wanted: Measure[] = classes === 1 ? ['auc', 'logloss', 'recalibrated'] : ['accuracy', 'logloss', 'recalibrated']
  return wanted.filter((measure) => cells.some(({ scores }) => scores !== null && Number.isFinite(scores[measure])))
}

export function cellOf(arm: string, seed: number, result: KeptResult, choice: EpochChoice): Cell {
  const epochs = testScores(result)
  const scores = choice === 'last' ? epochs.at(-1)! : bestByValidation(result, epochs)
  return { arm, seed, runDirectory: result.runDirectory, scores, epochs, stepMs: result.stepMs ?? Number.NaN }
}

export function summarise(arms: readonly string[], baseline: string, cells: readonly Cell[]): ArmSummary[] {
  const of = (arm: string) => cells.filter((cell) => cell.arm === arm)
  const reference = of(baseline)
  const meanAuc = (arm: string) => spread(valuesOf(of(arm), 'auc')).mean
  return arms.map((arm) => {
    const mine = of(arm)
    const measured = (measure: Measure) => ({
      spread: spread(valuesOf(mine, measure)),
      difference: pairedInterval(pairs(mine, reference, (cell) => cell.scores?.[measure] ?? Number.NaN).map(([a, b]) => a - b)),
    })
    return {
      arm,
      runs: mine.length,
      diverged: mine.filter(({ scores }) => scores === null).length,
      measures: { auc: measured('auc'), accuracy: measured('accuracy'), logloss: measured('logloss'), recalibrated: measured('recalibrated') },
      relaImpr: (meanAuc(arm) - 0.5) / (meanAuc(baseline) - 0.5) - 1,
      stepTime: median(pairs(mine, reference, ({ stepMs }) => stepMs).map(([a, b]) => a / b)),
    }
  })
}

/** Differences to the baseline, seed by seed: what a picture shows beside the interval. */
export function differencesBySeed(arm: string, baseline: string, cells: readonly Cell[], measure: Measure): number[] {
  const of = (name: string) => cells.filter((cell) => cell.arm === name)
  return pairs(of(arm), of(baseline), (cell) => cell.scores?.[measure] ?? Number.NaN).map(([a, b]) => a - b)
}

/** Of the seeds for which both sides have a number. */
function pairs(mine: readonly Cell[], reference: readonly Cell[], value: (cell: Cell) => number): [number, number][] {
  return mine.flatMap((cell) => {
    const other = reference.find(({ seed }) => seed === cell.seed)
    const pair: [number, number] = [value(cell), other === undefined ? Number.NaN : value(other)]
    return pair.every(Number.isFinite) ? [pair] : []
  })
}

const valuesOf = (cells: readonly Cell[], measure: Measure) =>
  cells.flatMap(({ scores }) => (scores !== null && Number.isFinite(scores[measure]) ? [scores[measure]] : []))

/** Newest of each epoch: a run that went on after its end has scored one twice. */
function testScores({ metrics }: KeptResult): Scores[] {
  const byEpoch = new Map<number, Scores>()
  for (const { split, epoch, auc, accuracy, logloss, recalibrated } of metrics) {
    const number = (value: number | null | undefined) => value ?? Number.NaN
    if (split === 'test')
      byEpoch.set(epoch, { epoch, auc: number(auc), accuracy: number(accuracy), logloss: number(logloss), recalibrated: number(recalibrated) })
  }
  return [...byEpoch.values()]
}

function bestByValidation({ metrics }: KeptResult, epochs: readonly Scores[]): Scores {
  const loss = new Map(metrics.filter(({ split }) => split === 'validation').map(({ epoch, logloss }) => [epoch, logloss]))
  const at = (epoch: number) => loss.get(epoch) ?? Number.POSITIVE_INFINITY
  return epochs.reduce((best, scores) => (at(scores.epoch) < at(best.epoch) ? scores : best))
}
