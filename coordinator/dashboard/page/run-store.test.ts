import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Member, RunDescription, RunEvent, RunInfo, SurfaceEvent } from './messages.js'
import { axisValues, placeOfStep } from './run-axis.js'
import { runProgress } from './run-progress.js'
import { RunStore } from './run-store.js'
import { stepEvent } from './step-event.test-support.js'

const info: RunInfo = { id: 'a', name: 'ads', label: 'ads', kind: 'coordinator', where: '', live: true, phase: 'joining', startedUnixMs: 1000 }
const step = (number: number, facts = {}): RunEvent => ({ unixMs: 1000 + 10 * number, step: stepEvent({ step: number, ...facts }) })
const member = (rank: number, laneCount: number) => ({ member: `w${rank}`, rank, laneCount }) as Member
const description = (facts: Partial<RunDescription>) =>
  ({
    phase: 'training',
    members: [],
    checkpoints: [],
    candidates: [],
    epoch: 1,
    epochs: 2,
    rowsInEpoch: 10_240,
    startedUnixMs: 1000,
    ...facts,
  }) as RunDescription
const metric = (number: number, split: string, auc: number): RunEvent => ({
  unixMs: 0,
  metric: { step: number, epoch: 1, split, auc, logloss: 0.5, calibration: 1, examples: 10, accuracy: 0.8, recalibrated: 0.5 },
})
const times = { readMs: 0, exchangeMs: 0, updateMs: 0, searchMs: 0, controllerWaitMs: 0 }

test('listeners hear of many changes once a frame', () => {
  const frames: (() => void)[] = []
  const store = new RunStore(info, { schedule: (notify) => frames.push(notify) })
  let heard = 0
  const end = store.subscribe(() => heard++)
  for (let number = 1; number <= 100; number++) store.addEvents([step(number)])
  assert.deepEqual([frames.length, heard], [1, 0])
  frames.shift()!()
  assert.equal(heard, 1)
  store.setState({ connected: true, message: '' })
  end()
  frames.shift()!()
  assert.equal(heard, 1)
})

test('events are history: phase, members and checkpoints are those of the description', () => {
  const store = new RunStore(info)
  store.setDescription(description({ phase: 'paused', members: [member(0, 4)], checkpoints: [{ name: 'step-9', step: 9, bytes: 1, unixMs: 9 }] }))
  store.addEvents([
    { unixMs: 1, phase: { phase: 'training', detail: '' } },
    { unixMs: 2, reject: { file: 'a.tsv', line: 7, reason: 'no label' } },
    { unixMs: 3, checkpoint: { name: 'step-5', step: 5, bytes: 10, unixMs: 3 } },
    { unixMs: 4, members: { generation: 2, members: [member(0, 3), member(1, 5)] } },
    { unixMs: 5, phase: { phase: 'paused', detail: 'lunch' } },
    { unixMs: 6, phase: { phase: 'training', detail: '' } },
  ])
  assert.deepEqual([store.phase, store.phaseDetail, store.notes.length], ['paused', 'lunch', 6])
  assert.deepEqual(
    store.members.map(({ laneCount }) => laneCount),
    [4],
  )
  assert.deepEqual(
    store.checkpoints.map(({ name }) => name),
    ['step-9'],
  )
})

test('a worker has examples by its lanes, and its pace is their mean over the mean time: 6 of 8 lanes, 1,024 examples in 100 ms', () => {
  const store = new RunStore(info)
  store.setDescription(description({ members: [member(0, 6), member(1, 2)] }))
  const ranks = [0, 1].map((rank) => ({ rank, computeMs: 1, totalMs: 100, ...times }))
  store.addEvents([step(1, { ranks }), { unixMs: 4, members: { generation: 2, members: [member(0, 4), member(1, 4)] } }, step(2, { ranks })])
  const second = (first: number) => (1000 * (0.9 * first + 512)) / (0.9 * 100 + 100)
  assert.deepEqual([...store.steps.column('rank.0')!], [7680, second(768)])
  assert.deepEqual([...store.steps.column('rank.1')!], [2560, second(256)])
})

test('history that comes anew takes the place of what was, when its first chunk is there', () => {
  const store = new RunStore(info)
  store.addEvents([step(1), step(2), metric(2, 'validation', 0.7), { unixMs: 1, log: { level: 'info', message: 'hello' } }])
  store.reset()
  assert.equal(store.steps.length, 2)
  store.addEvents([step(1)])
  assert.deepEqual([store.steps.length, store.metrics.length, store.notes.length], [1, 0, 0])
  store.addEvents([step(2)])
  assert.equal(store.steps.length, 2)
})

test('listeners hear of history that comes anew when its parts are there', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const store = new RunStore(info, { schedule: (notify) => notify() })
  const seen: number[] = []
  store.addEvents([step(1), step(2), step(3)])
  store.subscribe(() => seen.push(store.steps.length))
  store.reset()
  store.addEvents([step(1)])
  store.addEvents([step(2), step(3), step(4)])
  assert.deepEqual(seen, [])
  t.mock.timers.tick(300)
  assert.deepEqual(seen, [4])
  store.addEvents([step(5)])
  assert.deepEqual(seen, [4, 5])
})

test('an evaluation that is told again after a resume replaces the later ones of its split only', () => {
  const store = new RunStore(info)
  store.addEvents([metric(10, 'validation', 0.7), metric(20, 'validation', 0.8), metric(20, 'test', 0.6), metric(10, 'validation', 0.75)])
  assert.deepEqual(
    store.metrics.map(({ step: at, split, auc }) => [at, split, auc]),
    [
      [20, 'test', 0.6],
      [10, 'validation', 0.75],
    ],
  )
})

test('notes, recent steps and pictures of the controller are bounded; pictures of a step stay together', () => {
  const store = new RunStore(info)
  const surface = (number: number, field: string) =>
    ({ step: number, version: number, field, candidates: ['bce'], probabilities: [0.5], rows: [] }) as SurfaceEvent
  for (let number = 0; number <= 3000; number++) {
    store.addEvents([{ unixMs: number, log: { level: 'info', message: String(number) } }, step(number + 1)])
    store.addEvents(['', 'slice'].map((field) => ({ unixMs: number, surface: surface(number, field) })))
  }
  assert.deepEqual([store.notes.length, store.notes.at(-1)!.log!.message, store.recent.length], [1000, '3000', 64])
  assert.ok(store.surfaces.length > 60 && store.surfaces.length <= 128)
  assert.deepEqual([store.surfaces[0]![0]!.step, store.surfaces.at(-1)![0]!.step], [0, 3000])
  assert.ok(store.surfaces.every((pictures) => pictures.length === 2 && pictures[0]!.step === pictures[1]!.step))
})

test('who does not answer is known', () => {
  const store = new RunStore(info)
  assert.equal(store.lost, '')
  store.setState({ connected: false, message: 'refused' })
  assert.deepEqual([store.lost, store.message], ['coordinator', 'refused'])
  store.setLost()
  assert.equal(store.lost, 'dashboard')
  store.setState({ connected: true, message: '' })
  assert.equal(store.lost, '')
})

test('progress: 5 of 20 steps in 40 ms leave 150 ms; nothing is promised while the run is paused or lost', () => {
  const store = new RunStore(info)
  store.setDescription(description({}))
  store.setState({ connected: true, message: '' })
  store.addEvents([1, 2, 3, 4, 5].map((number) => step(number)))
  const { epoch, epochs, part, leftMs } = runProgress(store)
  assert.deepEqual([epoch, epochs, part], [1, 2, 0.5])
  assert.ok(Math.abs(leftMs! - 150) < 1e-9, String(leftMs))
  store.setDescription(description({ phase: 'paused' }))
  assert.equal(runProgress(store).leftMs, undefined)
})

test('axes: steps, examples since the first epoch, seconds since the start; a step between two rows lies at the earlier', () => {
  const store = new RunStore(info)
  store.setDescription(description({ rowsInEpoch: 5000 }))
  store.addEvents([step(2), step(4, { epoch: 2, rowsDone: 1000 })])
  assert.deepEqual([...axisValues(store, 'step')], [2, 4])
  assert.deepEqual([...axisValues(store, 'examples')], [2048, 6000])
  assert.deepEqual([...axisValues(store, 'time')], [0.02, 0.04])
  assert.equal(placeOfStep(store, 'time', axisValues(store, 'time'), 3), 0.02)
  assert.equal(placeOfStep(store, 'examples', axisValues(store, 'examples'), 9), 6000)
})
