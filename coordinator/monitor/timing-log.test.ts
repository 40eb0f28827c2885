/** timings.jsonl: few lines, means that are right, steps back at the times they had. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RunEvent } from './run-events.js'
import { TimingLog } from './timing-log.js'
import { StepTimes, type TimingLine } from './timings.js'

const zeros = { epoch: 1, loss: 1, weights: [], losses: [], validationLoss: 0, validationExamples: 0 }

function stepAt(step: number, unixMs: number, computeMs: number): RunEvent {
  const times = { readMs: 1, exchangeMs: 2, updateMs: 3, totalMs: computeMs + 6, searchMs: 0, controllerWaitMs: 0 }
  const ranks = [0, 1].map((rank) => ({ rank, computeMs: computeMs * (rank + 1), ...times }))
  return { unixMs, kind: 'step', step: { step, examples: 10, examplesPerSecond: 100, rowsDone: 10 * step, ranks, ...zeros } }
}

test('two lines a second at most; means over the steps between; the last step before a phase has a line', () => {
  const lines: TimingLine[] = []
  const log = new TimingLog(0, (line) => lines.push(line))
  for (let step = 1; step <= 100; step++) log.take(stepAt(step, 1000 + 100 * step, step))
  assert.deepEqual(
    lines.map(({ step }) => step),
    [1, ...Array.from({ length: 19 }, (_, i) => 6 + 5 * i)],
  )
  // Steps 2 to 6.
  assert.deepEqual(
    lines[1]!.ranks.map(({ rank, computeMs, readMs }) => [rank, computeMs, readMs]),
    [
      [0, 4, 1],
      [1, 8, 1],
    ],
  )
  log.take({ unixMs: 20_000, kind: 'phase', phase: { phase: 'saving', detail: '' } })
  assert.deepEqual([lines.at(-1)!.step, lines.at(-1)!.unixMs], [100, 11_000])
  log.take({ unixMs: 21_000, kind: 'phase', phase: { phase: 'training', detail: '' } })
  assert.equal(lines.length, 21)
  // An old run writes less often: every twenty-thousandth of its age.
  const old: TimingLine[] = []
  const late = new TimingLog(1, (line) => old.push(line))
  for (let i = 0; i < 100; i++) late.take(stepAt(1 + i, 86_400_000 + 100 * i, 1))
  assert.deepEqual(
    old.map(({ step }) => step),
    [1, 45, 89],
  )
})

test('steps get back their times, rates and rows', () => {
  const lines: TimingLine[] = []
  const log = new TimingLog(0, (line) => lines.push(line))
  const atMs = (step: number) => 1_000_000 + 37 * step + (step > 60 ? 5000 : 0)
  for (let step = 1; step <= 100; step++) {
    if (step === 61) log.take({ unixMs: atMs(60) + 1, kind: 'phase', phase: { phase: 'saving', detail: '' } })
    log.take(stepAt(step, atMs(step), 5))
  }
  log.take({ unixMs: atMs(100) + 1, kind: 'phase', phase: { phase: 'done', detail: '' } })
  const times = new StepTimes(lines, { fromMs: 0, toMs: 0, lastStep: 0 })
  for (let step = 1; step <= 100; step++) {
    // Even within a line, so exact but for rounding.
    assert.ok(Math.abs(times.at(step) - atMs(step)) <= 1, `step ${step}: ${times.at(step)}, was ${atMs(step)}`)
    const { rowsDone, examplesPerSecond, ranks } = times.of(step, 10)
    assert.deepEqual([rowsDone, examplesPerSecond, ranks[1]!.computeMs], [10 * step, 100, 10])
  }
  // Without any line: evenly over the run.
  const none = new StepTimes([], { fromMs: 1000, toMs: 2000, lastStep: 10 })
  assert.deepEqual([none.at(0), none.at(5), none.at(10)], [1000, 1500, 2000])
  // A clock that was put back.
  const back = new StepTimes(
    [1000, 3000, 2000].map((unixMs, i) => ({ ...lines[0]!, unixMs, step: i + 1 })),
    { fromMs: 0, toMs: 0, lastStep: 0 },
  )
  assert.deepEqual(
    [1, 2, 3].map((step) => back.at(step)),
    [1000, 3000, 3000],
  )
})
