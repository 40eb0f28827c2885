import assert from 'node:assert/strict'
import { test } from 'node:test'
import { describeMetric } from './describe-metric.js'

const none = Number.NaN

test('scores of clicks have an AUC, those of classes an accuracy; what is not defined is left out', () => {
  const clicks = { auc: 0.75, accuracy: 0.9, logloss: 0.5, recalibrated: 0.49, calibration: 1.01 }
  assert.equal(describeMetric(clicks, 4), 'AUC 0.7500, logloss 0.5000, recalibrated 0.4900, calibration 1.010')
  assert.equal(describeMetric({ ...clicks, recalibrated: none }, 6), 'AUC 0.750000, logloss 0.500000, calibration 1.01000')
  assert.equal(describeMetric({ ...clicks, auc: none, recalibrated: none, calibration: none }, 4), 'accuracy 0.9000, logloss 0.5000')
})
