/** The pace of training by a clock of the test's own. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Pace } from './pace.js'

test('a steady run has its pace from the first step on, whatever lies between two segments', () => {
  let clock = 0
  const pace = new Pace(() => clock)
  for (const pause of [0, 60_000, 1]) {
    clock += pause
    pace.start()
    for (let step = 0; step < 100; step++) {
      clock += 20
      assert.ok(Math.abs(pace.add(100) - 5000) < 1e-6)
    }
  }
})

test('a change is seen to 63 % after five seconds; a slow first step of a segment moves it little', () => {
  let clock = 0
  const pace = new Pace(() => clock)
  pace.start()
  const train = (ms: number, examples: number) => {
    clock += ms
    return pace.add(examples)
  }
  train(10, 10)
  let seen = 0
  for (let ms = 0; ms < 5000; ms += 10) seen = train(10, 20)
  assert.ok(Math.abs(seen - (1000 + 1000 * (1 - Math.exp(-1)))) < 1, String(seen))
  pace.start()
  assert.ok(train(100, 10) > 0.95 * seen)
})
