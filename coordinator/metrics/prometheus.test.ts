/** What /metrics tells of runs with simulated workers, against their files; and its rules of names. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { RunEvent } from '../monitor/run-events.js'
import type { RunContext } from '../run-context.js'
import { joinWorkers, startRun, temporaryDirectory, testJob, wholeRun } from '../run-fixture.test-support.js'
import type { Coordinator } from '../start-coordinator.js'
import { fixedStep } from './fixed-events.test-support.js'
import { runMetrics } from './prometheus.js'
import { type Exposition, readExposition } from './read-exposition.test-support.js'

const metrics = '127.0.0.1:0'
const search = 'loss={search: [bce, focal, kl], controller: {warmupSteps: 3, hidden: [4]}}'
const scrape = async ({ metricsUrl }: Coordinator): Promise<Exposition> => readExposition(await (await fetch(metricsUrl!)).text())

test('at the end of a run /metrics tells what its files tell', { timeout: 20_000 }, async (t) => {
  const directory = temporaryDirectory(t)
  const run = join(directory, 'ads')
  const job = testJob(directory, [search])
  const coordinator = await startRun(t, job, run, { metrics })
  await joinWorkers(t, coordinator, job)
  const { step, ledger, metrics: evaluations } = await coordinator.finished
  const { value, samples } = await scrape(coordinator)
  const lines = readFileSync(join(run, 'metrics.jsonl'), 'utf8').trimEnd().split('\n')
  const steps = lines.map((line) => JSON.parse(line)).filter(({ loss }) => loss !== undefined)
  const last = steps.at(-1)

  assert.ok(samples.every(({ labels }) => labels.run === 'ads'))
  assert.equal(value('lossmith_run_info', { directory: run }), 1)
  assert.deepEqual([value('lossmith_step'), value('lossmith_epoch'), value('lossmith_epochs')], [step, 2, 2])
  assert.equal(value('lossmith_train_loss'), last.loss)
  for (const [i, candidate] of ['bce', 'focal', 'kl'].entries()) {
    assert.equal(value('lossmith_candidate_weight', { candidate }), last.weights[i])
    assert.equal(value('lossmith_candidate_loss', { candidate }), last.losses[i])
  }
  assert.equal(value('lossmith_validation_loss'), last.validation)
  for (const { split, auc, logloss, recalibrated, step, examples } of evaluations.slice(-2)) {
    assert.equal(value('lossmith_auc', { split }), auc)
    // Validation rows are those that the slope is fitted on: no series, and none that says NaN.
    assert.equal(value('lossmith_recalibrated_logloss', { split }), Number.isNaN(recalibrated) ? undefined : recalibrated)
    assert.equal(value('lossmith_logloss', { split }), logloss)
    assert.deepEqual([value('lossmith_evaluation_step', { split }), value('lossmith_evaluated_examples', { split })], [step, examples])
  }

  assert.equal(value('lossmith_steps_total'), steps.length)
  assert.equal(
    value('lossmith_examples_total'),
    steps.reduce((sum, { examples }) => sum + examples, 0),
  )
  const sum = (of: 'trained' | 'rejected' | 'validation' | 'test' | 'drawn') => ledger.reduce((total, epoch) => total + epoch[of], 0)
  for (const outcome of ['trained', 'rejected', 'validation', 'test'] as const) assert.equal(value('lossmith_rows_total', { outcome }), sum(outcome))
  assert.equal(value('lossmith_controller_examples_total'), sum('drawn'))
  assert.equal(value('lossmith_reject_lines'), 3)
  assert.equal(value('lossmith_step_seconds_count'), steps.length)
  assert.deepEqual([value('lossmith_run_phase', { phase: 'done' }), value('lossmith_run_phase', { phase: 'training' })], [1, 0])
  assert.deepEqual(
    ['w0', 'w1'].map((worker) => value('lossmith_worker_lanes', { worker })),
    [2, 2],
  )
  assert.ok(value('lossmith_worker_heartbeat_age_seconds', { worker: 'w1', rank: '1', device: 'cpu' })! < 5)
})

test('a resumed run counts from nothing, and knows where it stands; what has no value yet has no series', { timeout: 20_000 }, async (t) => {
  const directory = temporaryDirectory(t)
  const run = join(directory, 'run')
  const job = testJob(directory)
  const stopped = await wholeRun(t, job, run, {}, (i, coordinator) => ({
    onStep: async (step) => {
      if (i !== 0 || step !== 7) return
      coordinator.stop('test')
      await new Promise((resolve) => setTimeout(resolve, 100))
    },
  }))
  const [{ trained: trainedBefore }] = stopped.ledger as [(typeof stopped.ledger)[0]]
  const { ledger } = await wholeRun(t, job, join(directory, 'whole'))
  const coordinator = await startRun(t, job, run, { metrics, resume: true })
  const before = await scrape(coordinator)
  assert.deepEqual(
    ['train_loss', 'auc', 'candidate_weight', 'checkpoint_step', 'worker_lanes'].map((name) => before.value(`lossmith_${name}`)),
    Array(5).fill(undefined),
  )
  assert.equal(before.value('lossmith_steps_total'), 0)
  await joinWorkers(t, coordinator, job)
  const { step } = await coordinator.finished
  const { value } = await scrape(coordinator)
  assert.equal(value('lossmith_step'), step)
  assert.equal(value('lossmith_steps_total'), step - stopped.step)
  const trained = ledger.reduce((sum, { trained }) => sum + trained, 0)
  assert.equal(value('lossmith_rows_total', { outcome: 'trained' }), trained - trainedBefore)
  assert.equal(value('lossmith_examples_total'), trained - trainedBefore)
})

test('names, help and units by the conventions; a rank that is gone has no series', async () => {
  const member = (rank: number) => ({
    name: `w${rank}`,
    rank,
    lanes: { first: rank, count: 1 },
    placement: { device: 'cpu' },
    gpu: null,
    request: { threads: 1 },
  })
  const ranks = [0, 1].map(member)
  const status = {
    phase: 'training',
    step: 4,
    epoch: 1,
    rowsInEpoch: 10,
    ledger: { epoch: 0 },
    candidates: ['bce', 'a "b"\\\n', 'c'],
    checkpoint: '',
  }
  const context = {
    status,
    membership: { generation: 1, ranks },
    job: { name: 'job', train: { epochs: 1 } },
    directory: { path: '/runs/ads', rejectCount: 0 },
  }
  const { registry, add } = runMetrics(context as unknown as RunContext)
  for (const step of [1, 2, 3, 4]) add(fixedStep(step))
  add({ unixMs: 0, kind: 'checkpoint', checkpoint: { name: 'step-00000004', step: 4, bytes: 1000, unixMs: 1_700_000_000_500 } } as RunEvent)
  const first = readExposition(await registry.metrics())

  // Four steps of 2 ms on rank 0 and 3 ms on rank 1; the slower rank's step took 11.75 ms.
  assert.equal(first.value('lossmith_step_phase_seconds_total', { rank: '1', phase: 'compute' }), 0.012)
  assert.ok(Math.abs(first.value('lossmith_step_seconds_sum')! - 0.047) < 1e-12)
  assert.deepEqual([first.value('lossmith_step_seconds_bucket', { le: '0.01' }), first.value('lossmith_step_seconds_bucket', { le: '0.02' })], [0, 4])
  assert.deepEqual(
    first.samples.filter(({ name }) => name === 'lossmith_candidate_weight').map(({ labels }) => labels.candidate),
    status.candidates,
  )
  assert.deepEqual(
    ['step', 'size_bytes', 'timestamp_seconds'].map((name) => first.value(`lossmith_checkpoint_${name}`)),
    [4, 1000, 1_700_000_000.5],
  )
  for (const [name, { type, help }] of first.families) {
    assert.match(name, /^(lossmith|process|nodejs)_[a-z0-9_]+$/)
    assert.notEqual(help, '', name)
    assert.equal(name.endsWith('_total'), type === 'counter', name)
    assert.doesNotMatch(name, /_(ms|milliseconds|minutes|kb|mb|percent)(_|$)/)
  }
  assert.ok([...first.families.keys()].filter((name) => name.startsWith('lossmith_')).length > 30)

  ranks.pop()
  const second = readExposition(await registry.metrics())
  assert.deepEqual(
    second.samples.filter(({ labels: { rank, worker } }) => rank === '1' || worker === 'w1'),
    [],
  )
  assert.equal(second.value('lossmith_step_phase_seconds_total', { rank: '0', phase: 'compute' }), 0.008)
})
