/**
 * Golden loss curves: what a fixed small run gave when it was stored, step by step. A refactor must give the same; CPUs may differ in the last
 * bits, hence 1e-5. A change that means to change numbers says so and stores them anew: LOSSMITH_STORE_GOLDEN=1 node dist/test/golden-losses.test.js
 */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Metric } from '../coordinator/run-directory.js'
import { Processes } from './support/processes.js'
import { spoilLog, writeJob, writeLog } from './support/small-job.js'

interface Golden {
  log: string
  curves: Record<string, { losses: number[]; metrics: Pick<Metric, 'split' | 'step' | 'auc' | 'logloss' | 'examples'>[] }>
}

const file = fileURLToPath(new URL('../../test/reference/golden-losses.json', import.meta.url))
const store = process.env.LOSSMITH_STORE_GOLDEN === '1'
const golden: Golden = store ? { log: '', curves: {} } : JSON.parse(readFileSync(file, 'utf8'))
const tolerance = 1e-5
const processes = new Processes()
let folder: string
let log: string

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'lossmith-golden-'))
  log = spoilLog(await writeLog(folder, 4001, 'log.tsv'))
  const hash = createHash('sha256').update(readFileSync(log)).digest('hex')
  if (store) golden.log = hash
  assert.equal(hash, golden.log, 'the synthetic log is the one of the stored curves')
})
afterEach(() => processes.allGone())
after(() => {
  rmSync(folder, { recursive: true })
  if (store) writeFileSync(file, `${JSON.stringify(golden, null, 1).replace(/,\n +(?=-?\d)/g, ', ')}\n`)
})

const jobs: Record<string, Record<string, object>> = {
  'deepfm-adam': { model: { kind: 'deepfm', embedding: 4, hidden: [16, 8], dropout: 0.3 }, features: { minCount: 3 } },
  'fm-adagrad-normalised': {
    model: { kind: 'fm', embedding: 4 },
    features: { numbers: 'normalised' },
    optimizer: { kind: 'adagrad', rate: 0.05, weightDecay: 1e-4 },
    data: { split: { by: 'fraction', validation: 0.1, test: 0.1 } },
  },
  'deepfm-search': {
    model: { kind: 'deepfm', embedding: 4, hidden: [16, 8], dropout: 0.3 },
    loss: { search: ['bce', 'focal', 'kl', 'hinge'], controller: { warmupSteps: 3, hidden: [8], gumbel: true, rate: 0.03 } },
  },
  'lr-sgd': { model: { kind: 'lr' }, optimizer: { kind: 'sgd', rate: 0.5 }, train: { batch: 96, lanes: 4, epochs: 1 } },
}

for (const [name, changes] of Object.entries(jobs)) {
  test(`${name}: every loss and metric is the stored one`, async () => {
    const run = join(folder, `run-${name}`)
    const job = writeJob(folder, log, changes, name)
    const { code, stderr } = await processes.start(['train', job, '--run', run, '--workers', '2', '--threads', '1', '--quiet']).ended
    assert.equal(code, 0, stderr)
    const lines = readFileSync(join(run, 'metrics.jsonl'), 'utf8').trimEnd().split('\n')
    const records = lines.map((line) => JSON.parse(line) as Metric & { loss?: number })
    const losses = records.flatMap(({ loss }) => loss ?? [])
    const metrics = records.filter(({ split }) => split).map(({ split, step, auc, logloss, examples }) => ({ split, step, auc, logloss, examples }))
    if (store) golden.curves[name] = { losses, metrics }
    const wanted = golden.curves[name]!
    assert.equal(losses.length, wanted.losses.length)
    losses.forEach((loss, i) => {
      near(`step ${i + 1}`, loss, wanted.losses[i]!)
    })
    const counts = (of: typeof metrics) => of.map(({ split, step, examples }) => [split, step, examples])
    assert.deepEqual(counts(metrics), counts(wanted.metrics))
    metrics.forEach(({ split, step, auc, logloss }, i) => {
      near(`${split} logloss after ${step}`, logloss, wanted.metrics[i]!.logloss)
      // Two neighbours may change places: a pair of some 30,000.
      near(`${split} AUC after ${step}`, auc, wanted.metrics[i]!.auc, 1e-3)
    })
  })
}

function near(what: string, got: number, wanted: number, within = tolerance): void {
  assert.ok(Math.abs(got - wanted) <= within * Math.abs(wanted), `${what}: wanted ${wanted}, got ${got}`)
}
