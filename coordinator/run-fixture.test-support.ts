/** A run in a temporary directory: a small log, a job, a coordinator, simulated workers. Everything is closed and removed at the end of the test. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { noFacts } from '../common/data-facts.js'
import type { Job } from '../common/job/job.js'
import { candidatesOf, controllerOf } from '../common/job/loss.js'
import { parseJob, printJob } from '../common/job/parse-job.js'
import { controllerFor } from '../model/controller/training-weights.js'
import type { TrainingPlan } from '../model/plan.js'
import type { RunParts } from './run-context.js'
import { type SimulatedOptions, SimulatedWorker } from './simulated-worker.test-support.js'
import { SimulatedWorld } from './simulated-world.test-support.js'
import { type Coordinator, type CoordinatorOptions, type RunResult, startCoordinator } from './start-coordinator.js'

const program = { name: '', maxBatch: 0, buffers: [], code: [], cut: 0, arenaBytes: 0, inputs: [], parameters: [], tables: [], outputs: [] }
export const testPlan: TrainingPlan = {
  parameters: [{ name: 'layer.weight', shape: [3, 5], init: { kind: 'zeros' } }],
  tables: [{ name: 'embedding', rows: 7, width: 3, init: { kind: 'zeros' } }],
  optimizer: { kind: 'adam', rate: 0.1, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 },
  classes: 1,
  candidates: [],
  controller: null,
  train: program,
  predict: program,
  fields: 39,
  numbers: 0,
}

/** The plan with a controller when the job has one: its shape is the real one, its programs are as empty as the others. */
function planOf({ loss, train }: Job): TrainingPlan {
  const job = controllerOf(loss)
  const controller = controllerFor(loss, noFacts, 1)
  if (job === null || controller === null) return testPlan
  const { size, parameters } = controller
  const { lookahead, period, warmupSteps, temperature } = job
  const own = job.frozen ? null : program
  return {
    ...testPlan,
    candidates: candidatesOf(loss).map(({ name }) => name),
    controller: {
      ...{ parameters, size, search: own, validate: own, lookahead, period, warmupSteps, temperature, laneBatch: train.batch / train.lanes },
      evidence: { tangents: 0, entropy: 1, dS: 2, dH: 2 + size, length: 2 + 2 * size },
    },
  }
}

/** The exporter here writes one tensor as it is: that the last checkpoint's bytes arrive is what can be seen without a model. */
export const testParts: RunParts = {
  buildPlan: async (job) => planOf(job),
  exportOnnx: async ({ path, readTensor }) => writeFileSync(path, await readTensor('embedding', 4, 80)),
}

/** Removed after the test. */
export function temporaryDirectory(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'lossmith-test-'))
  t.after(() => rmSync(path, { recursive: true, force: true }))
  return path
}

/** `bad` lines (from 1) have no label. */
export function writeLog(path: string, lines: number, bad: number[] = []): string {
  const text = Array.from({ length: lines }, (_, i) =>
    bad.includes(i + 1) ? `bad line ${i}\tx` : `${(i * 7 + (i >> 3)) % 3 === 0 ? 1 : 0}\t${(i * 13) % 101}`,
  )
  writeFileSync(path, `${text.join('\n')}\n`)
  return path
}

/** A job over one log of 300 lines, three of them bad; `set` as on the command line. */
export function testJob(directory: string, set: string[] = [], lines = 300, bad = [11, 150, 290]): Job {
  const log = writeLog(join(directory, 'log.tsv'), lines, bad)
  const text = `data: { train: ${log}, split: { by: time, validation: 0.1, test: 0.1 } }
train: { batch: 16, lanes: 4, epochs: 2 }
evaluate: { everyEpoch: [validation] }
checkpoint: { everySteps: 5, keep: 0 }
cluster: { workers: 2, joinTimeoutSeconds: 5, heartbeatMs: 100, lostAfterMs: 800 }
`
  return parseJob(text, { file: join(directory, 'job.yaml'), set })
}

export async function startRun(
  t: TestContext,
  job: Job,
  runDirectory: string,
  options: Partial<CoordinatorOptions> = {},
  parts = testParts,
): Promise<Coordinator> {
  const coordinator = await startCoordinator(
    { job, jobYaml: printJob(job), runDirectory, resume: false, mode: 'train', listen: '127.0.0.1:0', insecure: false, ...options },
    parts,
  )
  t.after(() => coordinator.close())
  return coordinator
}

/** As many workers as the job wants, named w0, w1, … */
export async function joinWorkers(
  t: TestContext,
  { address }: Coordinator,
  job: Job,
  options: (i: number) => Partial<SimulatedOptions> = () => ({}),
) {
  const world = new SimulatedWorld(job.cluster.workers)
  const workers = Array.from({ length: job.cluster.workers }, (_, i) => new SimulatedWorker({ address, name: `w${i}`, world, ...options(i) }))
  t.after(() => {
    for (const worker of workers) worker.kill()
  })
  for (const worker of workers) await worker.join()
  return workers
}

/** A whole run from start to end. */
export async function wholeRun(
  t: TestContext,
  job: Job,
  runDirectory: string,
  options: Partial<CoordinatorOptions> = {},
  workers: (i: number, coordinator: Coordinator) => Partial<SimulatedOptions> = () => ({}),
): Promise<RunResult> {
  const coordinator = await startRun(t, job, runDirectory, options)
  await joinWorkers(t, coordinator, job, (i) => workers(i, coordinator))
  const result = await coordinator.finished
  await coordinator.close()
  return result
}
