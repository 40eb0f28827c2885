import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Job } from '../../common/job/job.js'
import { entropySchedule, plannedSteps, stepsOfEpoch } from './entropy-schedule.js'

test('the bonus goes from its start to its end in a line and stays there', () => {
  const at = entropySchedule({ start: 0.05, end: 0.01 }, 100)
  assert.deepEqual(
    [0, 50, 100, 150].map((step) => Math.round(at(step) * 1e6) / 1e6),
    [0.05, 0.03, 0.01, 0.01],
  )
})

test('steps are planned from rows, splits, epochs and the most that the job allows', () => {
  const jobOf = (split: object, train: object) => ({ data: { split }, train: { batch: 100, epochs: 3, maxSteps: 0, ...train } }) as unknown as Job
  const pieces = [{ take: 600 }, { take: 450 }]
  const byTime = jobOf({ by: 'time', validation: 0.1, test: 0.1 }, {})
  assert.equal(stepsOfEpoch(byTime, pieces), 10.5)
  assert.equal(plannedSteps(byTime, 10.5), 33)
  assert.equal(stepsOfEpoch(jobOf({ by: 'fraction', validation: 0.1, test: 0.3 }, {}), pieces), 6.3)
  assert.equal(plannedSteps(jobOf({ by: 'time' }, { maxSteps: 20 }), 10.5), 20)
})
