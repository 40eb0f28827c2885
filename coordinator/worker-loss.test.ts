/** Workers that die, freeze, leave, fail or may not join: the run ends within its deadline and the error names the right one. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { brokenError, configError, type LossmithError, transientError } from '../common/errors.js'
import { joinWorkers, startRun, temporaryDirectory, testJob } from './run-fixture.test-support.js'
import { type SimulatedOptions, SimulatedWorker } from './simulated-worker.test-support.js'

const timeout = 15_000

async function failedRun(t: TestContext, set: string[], workers: (i: number) => Partial<SimulatedOptions>) {
  const directory = temporaryDirectory(t)
  const job = testJob(directory, set)
  const coordinator = await startRun(t, job, join(directory, 'run'))
  const joined = await joinWorkers(t, coordinator, job, workers)
  const startedMs = performance.now()
  const error: LossmithError = await coordinator.finished.then(
    () => assert.fail('the run should have failed'),
    (error) => error,
  )
  return { error, joined, run: join(directory, 'run'), seconds: (performance.now() - startedMs) / 1000, coordinator }
}
const at = (wanted: number, then: (worker: SimulatedWorker) => unknown) => ({
  onStep: (step: number, worker: SimulatedWorker) => (step === wanted ? then(worker) : undefined),
})

test('a killed worker is named, not the one that reports its broken collective', { timeout }, async (t) => {
  const { error, joined, run, seconds } = await failedRun(t, ['cluster.workers=3'], (i) =>
    i === 1
      ? at(7, async (worker) => {
          await new Promise((resolve) => setTimeout(resolve, 50))
          worker.kill()
          return new Promise(() => undefined)
        })
      : {},
  )
  assert.deepEqual([error.kind, error.code], ['transient', 'worker-lost'])
  assert.match(
    error.message,
    /^worker w1 \(sim:101, rank 1\) was lost: its connection broke while it trained step 7; the last checkpoint is step-00000005$/,
  )
  assert.ok(seconds < 2, `${seconds} s`)
  assert.match(await joined[0]!.ended, /told to stop: worker w1|the run has ended: worker w1/)
  assert.match(await joined[2]!.ended, /told to stop: worker w1|the run has ended: worker w1/)
  assert.deepEqual(readdirSync(join(run, 'checkpoints')), ['step-00000005'])
})

test('a stopped worker is named by its silence, although another one reports first', { timeout }, async (t) => {
  const { error, seconds } = await failedRun(t, [], (i) =>
    i === 0
      ? at(6, (worker) => worker.freeze())
      : at(6, () => Promise.reject(transientError('collective-timeout', 'wanted bytes of rank 0 within 1 s'))),
  )
  assert.match(error.message, /^worker w0 \(sim:100, rank 0\) was lost: not heard of for 0\.[89] s/)
  assert.ok(seconds < 5, `${seconds} s`)
})

test('a worker that dies between tasks is named by its silence', { timeout }, async (t) => {
  const { error } = await failedRun(t, [], (i) => (i === 1 ? { onTask: (task, worker) => task.kind === 'prepare' && worker.freeze() } : {}))
  assert.match(error.message, /^worker w1 .* was lost: not heard of/)
})

test('when all live and all report, the first report is the error', { timeout }, async (t) => {
  const { error } = await failedRun(t, [], () => at(4, () => Promise.reject(transientError('collective-broken', 'wanted bytes, got a reset'))))
  assert.equal(error.code, 'collective-broken')
  assert.match(error.message, /^worker w[01] .*wanted bytes, got a reset/)
})

test('a loss that is not finite ends the run with step, lane and the last checkpoint', { timeout }, async (t) => {
  const { error } = await failedRun(t, [], () =>
    at(8, () => Promise.reject(brokenError('loss-not-finite', '[step] step 8 lane 3: wanted a finite loss'))),
  )
  assert.equal(error.code, 'loss-not-finite')
  assert.match(error.message, /step 8 lane 3: wanted a finite loss; the last checkpoint is step-00000005/)
})

test('a file that one worker cannot read ends the run with host and path', { timeout }, async (t) => {
  const { error } = await failedRun(t, [], (i) =>
    i === 0
      ? {}
      : {
          onTask: (task) =>
            task.kind === 'checkFiles' && Promise.reject(configError('file-unreadable', '[data] host-b wanted to read /data/a: ENOENT')),
        },
  )
  assert.deepEqual([error.kind, error.code], ['config', 'file-unreadable'])
  assert.match(error.message, /worker w1 .*host-b wanted to read \/data\/a: ENOENT/)
})

test('ranks that disagree about a step are a broken run, not a wrong ledger', { timeout }, async (t) => {
  const { error } = await failedRun(t, [], (i) => ({
    // Rank 1 reports an epoch that is not the one it was given.
    onTask: (task) => {
      if (i === 1 && task.trainEpoch) (task.trainEpoch as { epoch: number }).epoch = 9
    },
  }))
  assert.deepEqual([error.kind, error.code], ['broken', 'ranks-disagree'])
})

test('rows that are never reported unbalance the ledger', { timeout }, async (t) => {
  const { error } = await failedRun(t, [], (i) => ({
    onTask: (task) => {
      if (i === 1 && task.trainEpoch) task.trainEpoch.lanes[0]!.pieces.pop()
    },
  }))
  assert.deepEqual([error.kind, error.code], ['broken', 'ledger-unbalanced'])
  assert.match(error.message, /epoch 1: wanted 300 rows, got \d+ trained \+ 2 rejected \+ 30 validation \+ 30 test = 29\d/)
})

test('a disk that is full while workers send their state ends the run; older checkpoints stay', { timeout }, async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'lossmith-tmpfs-'))
  t.after(() => {
    spawnSync('umount', ['-l', directory])
    rmSync(directory, { recursive: true })
  })
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=512k', 'tmpfs', directory]).status !== 0) return t.skip('wants root to mount a tmpfs')
  const job = testJob(temporaryDirectory(t))
  const run = join(directory, 'run')
  const coordinator = await startRun(t, job, run)
  const fill = (step: number) => {
    if (step !== 8) return
    // Down to the last page of the tmpfs, which refuses when there is none.
    assert.throws(
      () => {
        for (let i = 0; i < 200; i++) writeFileSync(join(directory, `filler-${i}`), Buffer.alloc(4096))
      },
      { code: 'ENOSPC' },
    )
  }
  await joinWorkers(t, coordinator, job, (i) => (i === 0 ? { onStep: fill } : {}))
  await assert.rejects(coordinator.finished, {
    kind: 'transient',
    code: 'disk-full',
    message: /ENOSPC; free some space.*the last checkpoint is step-00000005/,
  })
  assert.deepEqual(readdirSync(join(run, 'checkpoints')), ['step-00000005'])
})

test('who may not join is told why', { timeout }, async (t) => {
  const directory = temporaryDirectory(t)
  const job = testJob(directory, ['cluster.workers=2', 'cluster.joinTimeoutSeconds=1'])
  const coordinator = await startRun(t, job, join(directory, 'run'))
  const { address } = coordinator
  const join1 = async (options: Partial<SimulatedOptions>) => {
    const worker = new SimulatedWorker({ address, name: 'w1', ...options })
    t.after(() => worker.kill())
    await worker.join()
    return worker
  }
  await assert.rejects(join1({ version: '9.9.9' }), {
    kind: 'refused',
    code: 'version-mismatch',
    message: /wanted version 0\.1\.0, got version 9\.9\.9/,
  })
  await join1({ name: 'w0' })
  await assert.rejects(join1({ cpuClass: 'class b' }), { code: 'cpu-class-mismatch', message: /"class a" as w0 has .*got "class b"/ })
  await assert.rejects(join1({ name: 'w0', host: 'elsewhere' }), { code: 'name-taken' })
  await assert.rejects(coordinator.finished, { kind: 'transient', code: 'join-timeout', message: '[join] wanted 2 workers within 1 s, got 1: w0' })
})

test('a run that has its workers admits no more; with determinism off CPU classes may differ', { timeout }, async (t) => {
  const directory = temporaryDirectory(t)
  const job = testJob(directory, ['train.determinism=false'])
  const coordinator = await startRun(t, job, join(directory, 'run'))
  await joinWorkers(t, coordinator, job, (i) => ({ cpuClass: `class ${i}`, onStep: () => new Promise((resolve) => setTimeout(resolve, 20)) }))
  const late = new SimulatedWorker({ address: coordinator.address, name: 'w9' })
  await assert.rejects(late.join(), { kind: 'refused', code: 'run-started', message: /a run that has its 2 workers/ })
})

test('a worker that falls silent before the run started makes room', { timeout }, async (t) => {
  const directory = temporaryDirectory(t)
  const job = testJob(directory)
  const coordinator = await startRun(t, job, join(directory, 'run'))
  const gone = new SimulatedWorker({ address: coordinator.address, name: 'w8' })
  await gone.join()
  gone.kill()
  await new Promise((resolve) => setTimeout(resolve, 1100))
  await joinWorkers(t, coordinator, job)
  assert.equal((await coordinator.finished).status, 'done')
})

test('more workers than lanes are refused', { timeout }, async (t) => {
  const directory = temporaryDirectory(t)
  const job = testJob(directory)
  const coordinator = await startRun(t, { ...job, cluster: { ...job.cluster, workers: 5 } }, join(directory, 'run'))
  const worker = new SimulatedWorker({ address: coordinator.address, name: 'w0' })
  await assert.rejects(worker.join(), { kind: 'refused', code: 'too-many-workers', message: /at most 4 workers, one a lane, got cluster\.workers 5/ })
})
