import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Job } from '../../common/job/job.js'
import { entropySchedule, stepsOfEpoch } from './entropy-schedule.js'

test('the bonus goes from its start to its end in a line and stays there', () => {
  const at = entropySchedule({ start: 0.05, end: 0.01 }, 100)
  assert.deepEqual(
    [0, 50, 100, 150].map((step) => Math.round(at(step) * 1e6) / 1e6),
    [0.05, 0.03, 0.01, 0.01],
  )
})

test('an epoch has the steps of its rows, less those that a draw holds out', () => {
  const jobOf = (split: object) => ({ data: { split }, train: { batch: 100 } }) as unknown as Job
  const pieces = [{ take: 600 }, { take: 450 }]
  assert.equal(stepsOfEpoch(jobOf({ by: 'time', validation: 0.1, test: 0.1 }), pieces), 10.5)
  assert.equal(stepsOfEpoch(jobOf({ by: 'fraction', validation: 0.25, test: 0.25 }), pieces), 5.25)
})
