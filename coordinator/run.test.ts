/** Whole runs with simulated workers: results, the files of a run, independence of the number of workers, stopping and resuming. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { printJob } from '../common/job/parse-job.js'
import { joinWorkers, startRun, temporaryDirectory, testJob, wholeRun, writeLog } from './run-fixture.test-support.js'

/** Every file of a run that must not depend on workers or interruptions, by hash. */
function contents(run: string): Record<string, string> {
  const files = ['metrics.jsonl', 'rejects.tsv', 'model.onnx', 'data.json', ...checkpointFiles(run)]
  return Object.fromEntries(
    files.map((name) => [
      name,
      createHash('sha256')
        .update(readFileSync(join(run, name)))
        .digest('hex'),
    ]),
  )
}
const checkpointFiles = (run: string) =>
  readdirSync(join(run, 'checkpoints')).flatMap((name) => ['state.safetensors', 'manifest.json'].map((file) => `checkpoints/${name}/${file}`))
const jobOf = (t: TestContext, set: string[] = []) => {
  const directory = temporaryDirectory(t)
  return { directory, run: join(directory, 'run'), job: testJob(directory, set) }
}

test('a run trains every row once an epoch, evaluates, saves, exports', { timeout: 20_000 }, async (t) => {
  const { job, run } = jobOf(t)
  const events: string[] = []
  const result = await wholeRun(t, job, run, { onEvent: (event) => events.push(event.phase?.phase ?? event.kind!) })
  // 300 lines: 240 to train on (two of them bad), 30 validation, 30 test (one bad).
  assert.equal(result.status, 'done')
  assert.deepEqual(
    result.ledger,
    [1, 2].map((epoch) => ({ epoch, read: 300, trained: 238, rejected: 2, heldOut: 60, validation: 30, test: 30, drawn: 0, balanced: true })),
  )
  assert.deepEqual(
    result.metrics.map(({ epoch, split, examples }) => ({ epoch, split, examples })),
    [
      { epoch: 1, split: 'validation', examples: 30 },
      { epoch: 2, split: 'validation', examples: 30 },
      { epoch: 2, split: 'test', examples: 29 },
    ],
  )
  for (const { auc, logloss, calibration, accuracy } of result.metrics)
    assert.ok(auc > 0 && auc < 1 && logloss > 0 && calibration > 0 && accuracy > 0 && accuracy < 1)
  // The slope of the validation rows at the same step: nothing to recalibrate them with, something for the test rows.
  assert.deepEqual(
    result.metrics.map(({ recalibrated }) => recalibrated > 0),
    [false, false, true],
  )
  const rejects = readFileSync(join(run, 'rejects.tsv'), 'utf8').split('\n')
  assert.deepEqual(rejects.map((line) => line.split('\t')[1]).sort(), [undefined, '11', '150', '290'].sort())
  assert.deepEqual(readdirSync(run).sort(), [
    'artifacts',
    'checkpoints',
    'data.json',
    'events.jsonl',
    'job.yaml',
    'metrics.jsonl',
    'model.onnx',
    'rejects.tsv',
    'timings.jsonl',
  ])
  const steps = readFileSync(join(run, 'metrics.jsonl'), 'utf8')
    .split('\n')
    .filter((line) => line.includes('"loss"'))
  assert.equal(steps.length, result.step)
  assert.equal(result.checkpoint, join(run, 'checkpoints', `step-${String(result.step).padStart(8, '0')}`))
  // The last checkpoint's bytes reached the exporter.
  const state = readFileSync(join(result.checkpoint, 'state.safetensors'))
  const header = 8 + Number(state.readBigUInt64LE())
  assert.ok(state.subarray(header + 4, header + 84).equals(readFileSync(join(run, 'model.onnx'))))
  for (const phase of ['joining', 'checking', 'indexing', 'preparing', 'training', 'saving', 'evaluating', 'done', 'step', 'metric', 'log'])
    assert.ok(events.includes(phase), phase)
})

test('the same files for 1, 2, 3 and 4 workers', { timeout: 40_000 }, async (t) => {
  let wanted: Record<string, string> | undefined
  const { job, directory } = jobOf(t, ['features.minCount=2', 'features.numbers=normalised'])
  for (const workers of [1, 2, 3, 4]) {
    const run = join(directory, `run-${workers}`)
    await wholeRun(t, { ...job, cluster: { ...job.cluster, workers } }, run)
    wanted ??= contents(run)
    assert.deepEqual(contents(run), wanted, `${workers} workers`)
  }
  assert.ok(Object.keys(wanted!).length > 10)
})

test('another seed deals and so trains differently', { timeout: 20_000 }, async (t) => {
  const { job, directory } = jobOf(t)
  await wholeRun(t, job, join(directory, 'a'))
  await wholeRun(t, { ...job, seed: 99 }, join(directory, 'b'))
  assert.notEqual(contents(join(directory, 'a'))['metrics.jsonl'], contents(join(directory, 'b'))['metrics.jsonl'])
})

test('stopped anywhere and resumed on another number of workers, a run ends with the same bytes', { timeout: 60_000 }, async (t) => {
  const { job, directory } = jobOf(t, ['checkpoint.everySteps=0'])
  const whole = join(directory, 'whole')
  const { step: last } = await wholeRun(t, job, whole)
  const wanted = contents(whole)
  // In the middle of an epoch, at the last step of one, right after one, and at the very last step.
  for (const at of [3, last / 2, last / 2 + 1, last]) {
    const run = join(directory, `stopped-${at}`)
    const stopped = await wholeRun(t, job, run, {}, (i, coordinator) => ({
      onStep: async (step) => {
        if (i !== 0 || step !== at) return
        coordinator.stop('test')
        await new Promise((resolve) => setTimeout(resolve, 100))
      },
    }))
    if (at < last) assert.equal(stopped.status, 'stopped')
    assert.ok(existsSync(join(stopped.checkpoint, 'manifest.json')), `checkpoint at ${at}`)
    // What a killed coordinator leaves behind a checkpoint is cut.
    writeFileSync(join(run, 'rejects.tsv'), 'half a li', { flag: 'a' })
    const resumed = await wholeRun(t, { ...job, cluster: { ...job.cluster, workers: 3 } }, run, { resume: true })
    assert.equal(resumed.status, 'done')
    const got = contents(run)
    // The stop left a checkpoint that the uninterrupted run does not have; all it has must be the same.
    assert.deepEqual(Object.fromEntries(Object.keys(wanted).map((name) => [name, got[name]])), wanted, `stopped at ${at}`)
  }
})

test('a stop before training ends the run without a checkpoint', { timeout: 10_000 }, async (t) => {
  const { job, run } = jobOf(t)
  const coordinator = await startRun(t, job, run)
  setTimeout(() => coordinator.stop('changed my mind'), 50)
  const result = await coordinator.finished
  assert.deepEqual([result.status, result.checkpoint, result.step], ['stopped', '', 0])
})

test('resume refuses changed data, naming the file, and a damaged checkpoint, naming an older whole one', { timeout: 20_000 }, async (t) => {
  const { job, run, directory } = jobOf(t)
  const { checkpoint } = await wholeRun(t, job, run)
  const state = join(checkpoint, 'state.safetensors')
  const bytes = readFileSync(state)
  bytes[bytes.length - 9]! ^= 1
  writeFileSync(state, bytes)
  await assert.rejects(startRun(t, job, run, { resume: true }), (error: Error & { kind: string }) => {
    assert.equal(error.kind, 'config')
    assert.match(error.message, /state\.safetensors: wanted sha256 [0-9a-f]{64}, got sha256 [0-9a-f]{64}; step-\d+ is whole/)
    return true
  })
  bytes[bytes.length - 9]! ^= 1
  writeFileSync(state, bytes)
  writeLog(join(directory, 'log.tsv'), 301)
  const coordinator = await startRun(t, job, run, { resume: true })
  await joinWorkers(t, coordinator, job)
  await assert.rejects(coordinator.finished, { kind: 'config', code: 'data-changed', message: /log\.tsv.*wanted \d+ bytes/ })
})

test('resume and evaluate refuse a job.yaml that was changed, naming each key; more epochs are welcome', { timeout: 30_000 }, async (t) => {
  const { job, run, directory } = jobOf(t)
  const longer = { ...job, train: { ...job.train, epochs: 3 } }
  await wholeRun(t, longer, join(directory, 'longer'))
  await wholeRun(t, job, run)
  const file = join(run, 'job.yaml')
  const other = { ...job, seed: 2, train: { ...job.train, lanes: 8 }, data: { ...job.data, shuffleRows: 0 } }
  writeFileSync(file, printJob(other))
  const before = contents(run)
  for (const options of [{ resume: true }, { mode: { evaluate: { split: 'test' } } }]) {
    const started = startRun(t, job, run, options).then(async (coordinator) => {
      await joinWorkers(t, coordinator, job)
      await coordinator.finished
    })
    const words = /job\.yaml: seed: wanted 1 as the run began, got 2\ndata\.shuffleRows: wanted \d+ .*, got 0\ntrain\.lanes: wanted 4 .*, got 8\n/
    await assert.rejects(started, { kind: 'config', code: 'job-changed', message: words })
  }
  assert.deepEqual(contents(run), before)
  writeFileSync(file, printJob(longer))
  await wholeRun(t, longer, run, { resume: true })
  const { 'data.json': _, ...wanted } = contents(join(directory, 'longer')) // data.json has the epochs that were asked for first
  assert.deepEqual({ ...contents(run), ...wanted }, contents(run))
})

test('a run killed before its first checkpoint starts over', { timeout: 20_000 }, async (t) => {
  const { job, run, directory } = jobOf(t)
  await wholeRun(t, job, run)
  const wanted = contents(run)
  for (const name of readdirSync(join(run, 'checkpoints'))) rmSync(join(run, 'checkpoints', name), { recursive: true })
  await wholeRun(t, job, run, { resume: true })
  assert.deepEqual(contents(run), wanted)
  await assert.rejects(startRun(t, job, run), { code: 'run-exists', message: new RegExp(directory) })
})

test('more malformed lines than allowed stop the run with the first of them', { timeout: 10_000 }, async (t) => {
  const { job, run } = jobOf(t, ['data.maxRejects=1'])
  const coordinator = await startRun(t, job, run)
  await joinWorkers(t, coordinator, job)
  await assert.rejects(coordinator.finished, {
    kind: 'config',
    code: 'too-many-rejects',
    message: /at most 1 .*got 2.*log\.tsv:(11|150): wanted a label/s,
  })
})

test('maxSteps ends the run in the middle of an epoch; keep removes old checkpoints', { timeout: 10_000 }, async (t) => {
  const { job, run } = jobOf(t, ['train.maxSteps=12', 'checkpoint.keep=2'])
  const result = await wholeRun(t, job, run)
  assert.equal(result.step, 12)
  assert.equal(result.ledger[0]!.balanced, false)
  assert.deepEqual(readdirSync(join(run, 'checkpoints')), ['step-00000010', 'step-00000012'])
  assert.deepEqual(
    result.metrics.map(({ split, step }) => `${split} ${step}`),
    ['validation 12', 'test 12'],
  )
})

test('evaluate scores a split or other files with a checkpoint and leaves the run as it was', { timeout: 20_000 }, async (t) => {
  const { job, run, directory } = jobOf(t)
  const trained = await wholeRun(t, job, run)
  const before = contents(run)
  const again = await wholeRun(t, job, run, { mode: { evaluate: { split: 'test' } } })
  assert.deepEqual(again.metrics, trained.metrics.slice(-1))
  const files = [writeLog(join(directory, 'other.tsv'), 50)]
  const other = await wholeRun(t, job, run, { mode: { evaluate: { split: 'files', files, checkpoint: 'step-00000005' } } })
  assert.deepEqual([other.step, other.metrics[0]!.split, other.metrics[0]!.examples], [5, 'files', 50])
  assert.deepEqual(contents(run), before)
})
