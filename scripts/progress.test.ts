import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RunEvent__Output as RunEvent } from '../proto/generated/lossmith/v1/RunEvent.js'
import { duration, Progress } from './progress.js'
import { Terminal } from './terminal.js'

class Recorder extends Terminal {
  readonly notes: { text: string; facts: Record<string, unknown> }[] = []
  readonly redrawn: string[] = []
  columns = 79
  private readonly terminal: boolean

  constructor(terminal: boolean) {
    super({})
    this.terminal = terminal
  }
  override get live() {
    return this.terminal
  }
  override get width() {
    return this.columns
  }
  override note(text: string, facts: Record<string, unknown>) {
    this.notes.push({ text, facts })
  }
  override redraw(text: string) {
    this.redrawn.push(text)
  }
}

const phase = (name: string): RunEvent => ({ unixMs: 0, phase: { phase: name, detail: '' }, kind: 'phase' })
const step = (number: number, epoch: number, rowsDone: number): RunEvent => ({
  unixMs: 0,
  step: {
    step: number,
    epoch,
    loss: 0.5,
    examples: 100,
    examplesPerSecond: 12_345.6,
    rowsDone,
    ranks: [],
    weights: [],
    losses: [],
    validationLoss: 0,
    validationExamples: 0,
  },
  kind: 'step',
})

async function progressOf(live: boolean) {
  const terminal = new Recorder(live)
  const progress = new Progress({ terminal, epochs: 2, rowsInEpoch: async () => 1000, everyMs: 1000 })
  progress.show(phase('training'), 0)
  await new Promise(setImmediate)
  return { terminal, progress }
}

test('a bar with step, part of the epoch, loss, pace and time left', async () => {
  const { terminal, progress } = await progressOf(true)
  progress.show(step(1, 1, 100), 1000)
  progress.show(step(2, 1, 200), 1050)
  progress.show(step(5, 1, 500), 5000)
  const shown = terminal.redrawn.filter((text) => text !== '')
  assert.equal(shown.length, 2, 'not more often than every 100 ms')
  assert.match(shown[1]!, /^\[#{5}-{5}\] {2}epoch 1\/2 {2}50 % {2}ETA 15 s {2}loss 0\.5000 {2}step 5 {2}12,346 examples\/s$/)
  progress.show(step(12, 2, 200), 12_000)
  assert.match(terminal.redrawn.at(-1)!, /epoch 2\/2 .* 20 % .*ETA 8 s/)
  terminal.columns = 200
  progress.show(step(14, 2, 400), 14_000)
  assert.match(terminal.redrawn.at(-1)!, /^\[#{10}-{14}\] {2}epoch/, 'a wide terminal, a longer bar')
  terminal.columns = 40
  progress.show(step(15, 2, 500), 15_000)
  assert.match(terminal.redrawn.at(-1)!, /^epoch 2\/2 {2}50 % {2}ETA/, 'a narrow one, no bar')
  progress.end()
  assert.equal(terminal.redrawn.at(-1), '')
})

test('without a terminal a line every few seconds, with its facts', async () => {
  const { terminal, progress } = await progressOf(false)
  for (let ms = 1000; ms < 5000; ms += 100) progress.show(step(ms / 100, 1, ms / 10), ms)
  const steps = terminal.notes.filter(({ facts }) => facts.event === 'step')
  assert.equal(steps.length, 4)
  assert.deepEqual(steps[1]!.facts, {
    event: 'step',
    step: 20,
    epoch: 1,
    loss: 0.5,
    examples: 100,
    examplesPerSecond: 12_345.6,
    rowsDone: 200,
    rowsInEpoch: 1000,
  })
})

test('a pause is a line, and no part of the pace', async () => {
  const { terminal, progress } = await progressOf(true)
  progress.show(step(1, 1, 100), 1000)
  progress.show(step(5, 1, 500), 5000)
  progress.show({ unixMs: 0, kind: 'phase', phase: { phase: 'paused', detail: 'lunch' } }, 6000)
  assert.equal(terminal.notes.at(-1)!.text, 'paused: lunch')
  assert.equal(terminal.redrawn.at(-1), '')
  progress.show(phase('training'), 3_600_000)
  await new Promise(setImmediate)
  progress.show(step(6, 1, 600), 3_600_500)
  progress.show(step(10, 1, 1000), 3_604_500)
  assert.match(terminal.redrawn.at(-1)!, / ETA 10 s /, '1,000 rows left, 400 in the 4 s since it went on')
})

test('metrics and warnings are lines of their own', async () => {
  const { terminal, progress } = await progressOf(true)
  progress.show({
    unixMs: 0,
    kind: 'metric',
    metric: { step: 7, epoch: 1, split: 'test', auc: 0.75, logloss: 0.5, calibration: 1, examples: 2000, accuracy: 0.9, recalibrated: 0.5 },
  })
  progress.show({ unixMs: 0, kind: 'log', log: { level: 'warn', message: 'slow disk' } })
  assert.deepEqual(
    terminal.notes.map(({ text }) => text),
    ['training', 'test after step 7: AUC 0.7500, logloss 0.5000, recalibrated 0.5000, calibration 1.000 (2,000 rows)', 'warn: slow disk'],
  )
})

test('durations', () => {
  assert.deepEqual([400, 59_400, 61_000, 3_700_000].map(duration), ['0 s', '59 s', '1 min 1 s', '1 h 1 min'])
})
