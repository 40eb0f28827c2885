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
import { useDevice } from './support/device.js'
import { curveOf, type LossCurve, nearCurve } from './support/loss-curve.js'
import { Processes } from './support/processes.js'
import { spoilLog, writeJob, writeLog } from './support/small-job.js'

interface Golden {
  log: string
  curves: Record<string, LossCurve>
}

const file = fileURLToPath(new URL('../../test/reference/golden-losses.json', import.meta.url))
const store = process.env.LOSSMITH_STORE_GOLDEN === '1'
const golden: Golden = store ? { log: '', curves: {} } : JSON.parse(readFileSync(file, 'utf8'))
/** A device adds gradients of a row and the terms of products in another order; 60 steps of Adam make that 1e-5 of a loss and less. */
const devices = [
  { device: { kind: 'cpu', name: 'CPU', skip: false as const }, tolerance: 1e-5 },
  { device: { kind: 'cuda', ...useDevice() }, tolerance: 1e-4 },
]
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

for (const [name, changes] of Object.entries(jobs))
  for (const { device, tolerance } of devices)
    test(`${name}, ${device.name}: every loss and metric is the stored one`, { skip: device.skip }, async () => {
      const run = join(folder, `run-${name}-${device.kind}`)
      const job = writeJob(folder, log, changes, name)
      const words = ['train', job, '--run', run, '--workers', '2', '--threads', '1', '--device', device.kind, '--quiet']
      const { code, stderr } = await processes.start(words).ended
      assert.equal(code, 0, stderr)
      const curve = curveOf(run)
      if (store && device.kind === 'cpu') golden.curves[name] = curve
      nearCurve(curve, golden.curves[name]!, tolerance)
    })
