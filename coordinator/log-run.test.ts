/** What a coordinator logs: events with the facts that watchers get, steps thinned, who asked, and how a run failed. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Log, type LogFacts, type LogLevel, logOf } from '../common/log.js'
import { logRun } from './log-run.js'
import { connectMonitor } from './monitor/monitor-client.js'
import type { RunEvent } from './monitor/run-events.js'
import { joinWorkers, startRun, temporaryDirectory, testJob } from './run-fixture.test-support.js'

interface Line extends LogFacts {
  level: LogLevel
  msg: string
}

function recorded(): { log: Log; lines: Line[] } {
  const lines: Line[] = []
  return { lines, log: logOf((level, msg, facts) => void lines.push({ level, msg, ...facts })) }
}

const step = (number: number, unixMs: number): RunEvent => ({
  unixMs,
  kind: 'step',
  step: {
    ...{ step: number, epoch: 1, loss: 0.5, examples: 64, examplesPerSecond: 1234.5, rowsDone: 64 * number, ranks: [], weights: [0.25, 0.75] },
    ...{ losses: [], validationLoss: 0, validationExamples: 0 },
  },
})

test('steps are info every three seconds, debug otherwise', () => {
  const { log, lines } = recorded()
  const tell = logRun(log, { rowsInEpoch: 640 })
  for (let i = 1; i <= 70; i++) tell(step(i, 100 * i))
  const info = lines.filter(({ level }) => level === 'info')
  assert.deepEqual(
    info.map(({ step }) => step),
    [1, 31, 61],
  )
  assert.equal(lines.length, 70)
  const { event, loss, rowsDone, rowsInEpoch, weights, msg } = info[0]!
  assert.deepEqual([event, loss, rowsDone, rowsInEpoch, weights], ['step', 0.5, 64, 640, [0.25, 0.75]])
  assert.equal(msg, 'epoch 1, loss 0.5000, 1,235 examples/s')
})

test('every kind of event has its line, and its facts', () => {
  const { log, lines } = recorded()
  const tell = logRun(log, { rowsInEpoch: 0 })
  const metric = {
    step: 7,
    epoch: 1,
    split: 'test',
    auc: 0.75,
    logloss: 0.5,
    calibration: 1,
    examples: 9,
    accuracy: Number.NaN,
    recalibrated: Number.NaN,
  }
  const member = { member: 'w0', host: 'a', pid: 1, rank: 0, device: 'cpu', threads: 1, firstLane: 0, laneCount: 4, heartbeatAgeMs: 0, cpuClass: '' }
  tell({ unixMs: 0, metric })
  tell({ unixMs: 0, phase: { phase: 'saving', detail: 'step 7' } })
  tell({ unixMs: 0, phase: { phase: 'preparing', detail: '' } })
  tell({ unixMs: 0, log: { level: 'warn', message: 'slow disk' } })
  tell({ unixMs: 0, reject: { file: 'log.tsv', line: 3, reason: 'wanted a label' } })
  tell({ unixMs: 0, checkpoint: { name: 'step-00000007', step: 7, bytes: 10, unixMs: 1 } })
  tell({ unixMs: 0, members: { generation: 2, members: [member] } })
  tell({ unixMs: 0, surface: { step: 7, version: 3, field: 'slice', candidates: ['bce'], probabilities: [0.5], rows: [] } })
  assert.deepEqual(
    lines.map(({ level, event, msg }) => [level, event, msg]),
    [
      ['info', 'metric', 'test: AUC 0.7500, logloss 0.5000'],
      ['info', 'phase', 'saving: step 7'],
      ['info', 'phase', 'preparing'],
      ['warn', 'log', 'slow disk'],
      ['warn', 'reject', 'rejected log.tsv:3: wanted a label'],
      ['info', 'checkpoint', 'checkpoint step-00000007'],
      ['info', 'members', 'generation 2: w0 (rank 0, 4 lanes)'],
      ['debug', 'surface', "the controller's weights at version 3"],
    ],
  )
  assert.deepEqual([lines[4]!.file, lines[4]!.line, lines[3]!.message], ['log.tsv', 3, 'slow disk'])
  assert.ok(!('probabilities' in lines[7]!), 'no picture in a log')
})

test('a run whose worker is lost: who asked, what failed by code, each line with run, generation and step', { timeout: 20_000 }, async (t) => {
  const directory = temporaryDirectory(t)
  const job = testJob(directory)
  const { log, lines } = recorded()
  const coordinator = await startRun(t, job, join(directory, 'ads'), { log })
  const monitor = connectMonitor({ address: coordinator.address })
  t.after(() => monitor.close())
  await monitor.stop('enough')
  assert.equal((await coordinator.finished).status, 'stopped')
  const asked = lines.find(({ call }) => call === 'Stop')!
  assert.deepEqual([asked.level, asked.role, asked.run, asked.event], ['info', 'coordinator', 'ads', 'request'])
  assert.deepEqual(asked.request, { reason: 'enough' })
  assert.match(String(asked.peer), /^127\.0\.0\.1:\d+$/)

  const lost = recorded()
  const other = await startRun(t, job, join(directory, 'lost'), { log: lost.log })
  const die = async (step: number, worker: { kill(): void }) => {
    if (step < 7) return
    // Time for the reports of the steps before.
    await sleep(50)
    worker.kill()
  }
  await joinWorkers(t, other, job, (i) => (i === 1 ? { onStep: die } : {}))
  await assert.rejects(other.finished, { code: 'worker-lost' })
  const failure = lost.lines.find(({ event }) => event === 'failure')!
  assert.deepEqual([failure.level, failure.kind, failure.code, failure.run, failure.generation], ['error', 'transient', 'worker-lost', 'lost', 1])
  assert.ok(failure.step! >= 2)
  assert.match(failure.msg, /^worker w1 \(sim:101, rank 1\) was lost: /)
})
