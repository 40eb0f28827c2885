import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RunDescription, RunEvent, RunInfo } from './messages.js'
import { runProgress } from './run-progress.js'
import { RunStore } from './run-store.js'
import { stepEvent } from './step-event.test-support.js'

const info: RunInfo = { id: 'a', name: 'a', label: 'a', kind: 'directory', where: '', live: true, phase: 'training', startedUnixMs: 0 }
const phase = (unixMs: number, name: string): RunEvent => ({ unixMs, phase: { phase: name, detail: '' } })

/** Steps of 100 rows, 100 steps an epoch, two epochs. */
function trained(store: RunStore, steps: readonly (readonly [step: number, second: number])[]): void {
  store.addEvents(steps.map(([step, second]) => ({ unixMs: 1000 * second, step: stepEvent({ step, rowsDone: 100 * step }) })))
}

function openStore(): RunStore {
  const store = new RunStore(info, { schedule: () => {} })
  store.addEvents([phase(0, 'joining'), phase(0, 'training')])
  store.setDescription({ phase: 'training', rowsInEpoch: 10_000, epochs: 2, members: [], live: true } as unknown as RunDescription)
  return store
}

test('the time left is that of the pace of the last minute', () => {
  const store = openStore()
  trained(store, [
    [1, 1],
    [2, 2],
    [3, 3],
  ])
  assert.equal(runProgress(store).leftMs, 197_000)
})

test('an hour of pause, and a restart, do not count as training', () => {
  const store = openStore()
  trained(store, [
    [1, 1],
    [2, 2],
  ])
  store.addEvents([phase(2500, 'paused'), phase(3_600_000, 'training')])
  trained(store, [[3, 3601]])
  assert.equal(runProgress(store).leftMs, undefined, 'one step tells no pace')
  trained(store, [
    [4, 3602],
    [5, 3603],
  ])
  assert.equal(runProgress(store).leftMs, 195_000)
  store.addEvents([phase(3_604_000, 'saving'), phase(3_605_000, 'training')])
  trained(store, [[6, 3606]])
  assert.equal(Math.round(runProgress(store).leftMs!), Math.round((194_000 * 5) / 3), 'saving does: five seconds for three steps')
})
