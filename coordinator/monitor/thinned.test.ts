/** What stays of long series: bounded, evenly spread, with both ends, and with what happens in every fourth step. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ThinnedGroups, ThinnedSteps, thin } from './thinned.js'

test('steps thin out to multiples of a power of two; the first and the newest stay, whatever the length', () => {
  for (const length of [1, 2, 100, 101, 102, 250, 1000, 99_999]) {
    const steps = new ThinnedSteps<number>(100)
    for (let step = 3; step < 3 + length; step++) steps.push(step, step)
    const kept = steps.list()
    assert.deepEqual([kept[0], kept.at(-1)], [3, 2 + length])
    assert.ok(kept.length <= 102 && kept.length >= Math.min(length, 50), `${kept.length} of ${length}`)
    const gaps = kept.slice(2, -1).map((step, i) => step - kept[i + 1]!)
    assert.ok(new Set(gaps).size <= 1, `${gaps}`)
    for (const limit of [1, 2, 3, 10, 57]) {
      const few = steps.list(0, limit)
      assert.ok(few.length <= limit && few.at(-1) === 2 + length)
      assert.ok(few.length >= Math.min(kept.length, limit / 2 - 1), `${few.length} of ${limit}`)
    }
    assert.deepEqual(
      steps.list(50),
      kept.filter((step) => step >= 50),
    )
  }
})

test('what happens in every fourth step is seen in all that stay', () => {
  const steps = new ThinnedSteps<boolean>(100)
  for (let step = 1; step <= 10_000; step++) steps.push(step, step % 4 === 0)
  assert.deepEqual(
    steps.list().filter((learned) => !learned),
    [false],
    'only the first',
  )
})

test('a run that goes back to an earlier step has no past beyond it', () => {
  const steps = new ThinnedSteps<string>(100)
  for (let step = 1; step <= 50; step++) steps.push(step, `old ${step}`)
  for (let step = 21; step <= 30; step++) steps.push(step, `new ${step}`)
  const all = steps.list()
  assert.deepEqual(all.slice(18, 22), ['old 19', 'old 20', 'new 21', 'new 22'])
  assert.deepEqual([all.length, all.at(-1)], [30, 'new 30'])
  steps.push(1, 'anew')
  assert.deepEqual(steps.list(), ['anew'])
})

test('groups: all values of a step go together, the first and the newest stay', () => {
  const groups = new ThinnedGroups<string>(8)
  for (let step = 1; step <= 1000; step += 3) for (const field of ['a', 'b']) groups.push(step, `${step}${field}`)
  const all = groups.list()
  assert.ok(all.length <= 18 && all.length >= 8)
  assert.deepEqual([all[0], all[1], all.at(-2), all.at(-1)], ['1a', '1b', '1000a', '1000b'])
  assert.deepEqual(groups.list(1000), ['1000a', '1000b'])
})

test('thin leaves short lists alone', () => {
  const entries = [{ step: 1 }, { step: 2 }, { step: 9 }]
  assert.deepEqual(thin(entries, 3), entries)
  assert.deepEqual(thin(entries, 2), [{ step: 1 }, { step: 9 }])
  assert.deepEqual(thin(entries, 1), [{ step: 9 }])
  assert.deepEqual(thin([], 1), [])
})
