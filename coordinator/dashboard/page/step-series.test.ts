import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { StepEvent } from './messages.js'
import { stepEvent } from './step-event.test-support.js'
import { StepSeries } from './step-series.js'

const push = (series: StepSeries, step: Partial<StepEvent> & { step: number }) => series.push(stepEvent(step), step.step * 100, new Map())

test('a short series is kept whole, with NaN where a step has no value', () => {
  const series = new StepSeries()
  push(series, { step: 1, loss: 0.9 })
  push(series, { step: 2, loss: 0.8, weights: [0.25, 0.75], losses: [1, 2] })
  push(series, { step: 3, loss: null as never })
  assert.deepEqual([...series.column('step')!], [1, 2, 3])
  assert.deepEqual([...series.column('loss')!], [0.9, 0.8, Number.NaN])
  assert.deepEqual([...series.column('weight.1')!], [Number.NaN, 0.75, Number.NaN])
  assert.equal(series.column('rank.0'), undefined)
})

test('a long one stays bounded: evenly spread, each row whole, the first and the newest always there', () => {
  const series = new StepSeries(64)
  for (let step = 1; step <= 10_000; step++) {
    push(series, { step, loss: 1 / step })
    assert.ok(series.length < 64)
    assert.equal(series.column('step')!.at(-1), step)
  }
  const steps = [...series.column('step')!]
  assert.equal(steps[0], 1)
  assert.ok(steps.length >= 32)
  const gaps = steps.slice(1, -1).map((step, i) => step - steps[i]!)
  assert.equal(Math.max(...gaps), Math.min(...gaps))
  assert.deepEqual(
    [...series.column('loss')!],
    steps.map((step) => 1 / step),
  )
})

test('history that is thinner than what follows stays thinner only until they are alike', () => {
  const series = new StepSeries(128)
  for (let step = 0; step < 100_000; step += 1000) push(series, { step })
  for (let step = 100_000; step < 101_000; step++) push(series, { step })
  const steps = [...series.column('step')!]
  assert.ok(steps.filter((step) => step < 100_000).length >= 50, String(steps))
  assert.equal(steps.at(-1), 100_999)
})

test('what the controller says in every seventh step only outlives the steps around it', () => {
  const series = new StepSeries(64)
  for (let step = 1; step <= 5000; step++) push(series, { step, validationLoss: step, validationExamples: step % 7 === 0 ? 8 : 0 })
  const values = [...series.column('validationLoss')!].filter((value) => !Number.isNaN(value))
  assert.ok(values.length >= series.length - 2, `${values.length} of ${series.length}`)
  assert.ok(values.every((value) => value % 7 === 0))
})

test('steps that come again after a resume take the place of those that were', () => {
  const series = new StepSeries()
  for (let step = 1; step <= 10; step++) push(series, { step, loss: 1, weights: [step] })
  push(series, { step: 6, loss: 2 })
  assert.deepEqual([...series.column('step')!], [1, 2, 3, 4, 5, 6])
  assert.equal(series.column('loss')!.at(-1), 2)
  assert.ok(Number.isNaN(series.column('weight.0')!.at(-1)))
})
