/** The scores of a split in words: those that it has, so AUC for clicks and accuracy for classes. */
import type { Metric } from '../coordinator/run-directory.js'

export type Scored = Pick<Metric, 'auc' | 'accuracy' | 'logloss' | 'recalibrated' | 'calibration'>

export function describeMetric({ auc, accuracy, logloss, recalibrated, calibration }: Scored, digits: number): string {
  const known = (name: string, value: number, places = digits) => (Number.isNaN(value) ? [] : [`${name} ${value.toFixed(places)}`])
  const quality = Number.isNaN(auc) ? known('accuracy', accuracy) : known('AUC', auc)
  return [...quality, ...known('logloss', logloss), ...known('recalibrated', recalibrated), ...known('calibration', calibration, digits - 1)].join(
    ', ',
  )
}
