/** A search through the doors that workers use: the same controller on any number of them, resumed or not; who is lost while all wait for phi is named. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { controllerFile, readController } from '../../common/checkpoint/controller-file.js'
import type { LossmithError } from '../../common/errors.js'
import type { Job } from '../../common/job/job.js'
import type { RunEvent } from '../monitor/run-events.js'
import { joinWorkers, startRun, temporaryDirectory, testJob, wholeRun } from '../run-fixture.test-support.js'
import type { SimulatedOptions, SimulatedWorker } from '../simulated-worker.test-support.js'

const timeout = 30_000
const search = '{search: [bce, focal, kl], controller: {warmupSteps: 3, hidden: [4]}}'

const jobOf = (directory: string, ...set: string[]) => testJob(directory, [`loss=${search}`, ...set])
const newest = (run: string) => join(run, 'checkpoints', readdirSync(join(run, 'checkpoints')).sort().at(-1)!)
const linesOf = (run: string) =>
  readFileSync(join(run, 'metrics.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))

function sameRun(run: string, reference: string): void {
  for (const file of ['manifest.json', controllerFile, 'state.safetensors'])
    assert.ok(readFileSync(join(newest(run), file)).equals(readFileSync(join(newest(reference), file))), `${file} of ${run}`)
  assert.equal(readFileSync(join(run, 'metrics.jsonl'), 'utf8'), readFileSync(join(reference, 'metrics.jsonl'), 'utf8'))
}

test('one, two and four workers teach the same controller; step lines, the ledger and the checkpoint say what it was shown', {
  timeout,
}, async (t) => {
  const directory = temporaryDirectory(t)
  const runs = []
  for (const workers of [1, 2, 4]) {
    const run = join(directory, `run-${workers}`)
    runs.push({ run, ...(await wholeRun(t, jobOf(directory, `cluster.workers=${workers}`), run)) })
  }
  const [{ run, ledger, step }] = runs as [(typeof runs)[0]]
  for (const other of runs.slice(1)) sameRun(other.run, run)

  const steps = linesOf(run).filter(({ loss }) => loss !== undefined)
  assert.equal(steps.length, step)
  for (const { step, weights, losses, validation } of steps) {
    assert.deepEqual(weights.concat(losses), [1 / 3, 1 / 3, 1 / 3].map((w) => Number(w.toPrecision(7))).concat([1, 2, 3]))
    assert.equal(validation, step > 3 ? 0.5 : undefined)
  }
  const shown = (epoch: number) => steps.filter((line) => line.epoch === epoch && line.step > 3).reduce((sum, line) => sum + line.examples, 0)
  assert.deepEqual(
    ledger.map(({ drawn }) => drawn),
    [shown(1), shown(2)],
  )
  const manifest = JSON.parse(readFileSync(join(newest(run), 'manifest.json'), 'utf8'))
  assert.equal(manifest.controllerVersion, step - 3)
  assert.deepEqual(
    manifest.validationCursors.map(({ line, pass }: { line: number; pass: number }) => [line, pass]),
    Array(4).fill([step - 4, (step - 4) >> 2]),
  )
})

test('stopped at any step and resumed on another number of workers, it ends the same', { timeout }, async (t) => {
  const directory = temporaryDirectory(t)
  const whole = join(directory, 'whole')
  await wholeRun(t, jobOf(directory), whole)
  const run = join(directory, 'cut')
  await wholeRun(t, jobOf(directory, 'train.maxSteps=7'), run)
  const file = join(run, 'job.yaml')
  writeFileSync(file, readFileSync(file, 'utf8').replace('maxSteps: 7', 'maxSteps: 0'))
  await wholeRun(t, jobOf(directory, 'cluster.workers=4'), run, { resume: true })
  sameRun(run, whole)
})

test('pictures of the controller: one before the first step, one at the end of each epoch, each right after its step; watchers get them', {
  timeout,
}, async (t) => {
  const directory = temporaryDirectory(t)
  const run = join(directory, 'run')
  const events: RunEvent[] = []
  await wholeRun(t, jobOf(directory), run, { onEvent: (event) => events.push(event) })
  const lines = linesOf(run)
  const surfaces = lines.flatMap(({ surface }) => surface ?? [])
  assert.deepEqual([surfaces[0].step, surfaces[0].version, surfaces[0].field], [0, 0, null])
  const ends = lines.filter(({ split }) => split === 'validation').map(({ step }) => step)
  for (const end of ends) assert.ok(surfaces.some(({ step, version }) => step === end && version === end - 3))
  for (const [i, { surface }] of lines.entries()) if (surface?.step > 0) assert.equal(lines[i - 1].step ?? lines[i - 1].surface.step, surface.step)
  for (const { rows } of surfaces)
    for (const { weights } of rows)
      for (let p = 0; p < 33; p++) assert.ok(Math.abs(weights.reduce((sum: number, w: number[]) => sum + w[p]!, 0) - 1) < 1e-4)
  const seen = events.flatMap(({ surface }) => surface ?? [])
  assert.deepEqual(
    seen.map(({ step }) => step),
    surfaces.map(({ step }) => step),
  )
  assert.deepEqual(
    seen[1]!.rows.map(({ weights }) => weights),
    surfaces[1].rows.map(({ weights }: { weights: number[][] }) => weights.flat()),
  )
  assert.ok(!readFileSync(join(run, 'events.jsonl'), 'utf8').includes('"surface"'))
})

test('a controller of another run: learned on, or frozen; one that does not fit is refused with what differs', { timeout }, async (t) => {
  const directory = temporaryDirectory(t)
  const from = join(directory, 'from')
  await wholeRun(t, jobOf(directory), from)
  const learned = await readController(newest(from))
  const controllerOf = async (job: Job, name: string) => {
    await wholeRun(t, job, join(directory, name))
    return readController(newest(join(directory, name)))
  }
  const frozen = await controllerOf(jobOf(directory, `loss.controller.from=${from}`, 'loss.controller.frozen=true'), 'frozen')
  assert.deepEqual(frozen.phi, learned.phi)
  const on = await controllerOf(jobOf(directory, `loss.controller.from=${from}`, 'loss.controller.rate=1e-6'), 'on')
  assert.notDeepEqual(on.phi, learned.phi)
  assert.ok(on.phi.every((value, i) => Math.abs(value - learned.phi[i]!) < 1e-3))

  const refused = async (set: string, message: RegExp, code = 'controller-mismatch') => {
    const job = jobOf(directory, `loss.controller.from=${from}`, set)
    const coordinator = await startRun(t, job, join(directory, `refused-${set.length}`))
    await joinWorkers(t, coordinator, job)
    await assert.rejects(coordinator.finished, { kind: 'config', code, message })
  }
  await refused('loss.controller.hidden=[5]', /wanted loss\.controller\.hidden \[5\], got \[4\]/)
  await refused('loss.search=[bce, hinge]', /wanted loss\.candidates .*hinge.*, got .*focal/)
  await refused(
    'loss.controller.from=nowhere',
    /wanted the directory of a run \(loss\.controller\.from\), found no .*nowhere\/job\.yaml/,
    'run-missing',
  )
})

async function failedSearch(t: TestContext, workers: (i: number) => Partial<SimulatedOptions>) {
  const directory = temporaryDirectory(t)
  const job = jobOf(directory, 'cluster.workers=4')
  const coordinator = await startRun(t, job, join(directory, 'run'))
  const joined = await joinWorkers(t, coordinator, job, workers)
  const error: LossmithError = await coordinator.finished.then(
    () => assert.fail('the run should have failed'),
    (error) => error,
  )
  return { error, joined }
}
const teaching = (wanted: number, then: (worker: SimulatedWorker) => unknown) => ({
  onTeach: (step: number, worker: SimulatedWorker) => (step === wanted ? then(worker) : undefined),
})

test('a worker that is killed while the others wait for phi is named, and all of them end', { timeout }, async (t) => {
  const { error, joined } = await failedSearch(t, (i) =>
    i === 2
      ? teaching(7, (worker) => {
          worker.kill()
          return new Promise(() => undefined)
        })
      : {},
  )
  assert.deepEqual([error.kind, error.code], ['transient', 'worker-lost'])
  assert.match(error.message, /^worker w2 \(sim:102, rank 2\) was lost: .*; the last checkpoint is step-00000005$/)
  for (const worker of joined) await worker.ended
})

test('a worker that falls silent while the others wait for phi is named', { timeout }, async (t) => {
  const { error } = await failedSearch(t, (i) => (i === 1 ? teaching(6, (worker) => worker.freeze()) : {}))
  assert.match(error.message, /^worker w1 \(sim:101, rank 1\) was lost: not heard of for/)
})

test('a rank that learned with another version is a broken run', { timeout }, async (t) => {
  const { error } = await failedSearch(t, (i) => (i === 3 ? teaching(5, () => 0) : {}))
  assert.deepEqual([error.kind, error.code], ['broken', 'controller-version'])
  assert.match(error.message, /version 1 from every rank, got step 5 with version 0 from w3/)
})
