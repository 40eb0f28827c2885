/** model.onnx as a run writes it, scored by onnxruntime-node, against the engine's predict program on random rows. */
import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { noFacts } from '../common/data-facts.js'
import type { FeaturePlan } from '../common/job/features.js'
import type { Job } from '../common/job/job.js'
import { buildPlan } from '../coordinator/build-plan.js'
import { exportOnnx } from '../coordinator/export-onnx.js'
import { philox, philoxKey, philoxUniform } from '../model/philox.js'
import type { TrainingPlan } from '../model/plan.js'
import { loadNative } from '../native/ts/load.js'
import { loadRuntime, openModel, runModel } from './onnx-session.js'

const native = loadNative()
const runtime = await loadRuntime()
const skip = runtime ? false : 'onnxruntime-node is not installed'
const BATCH = 50
const ROWS = 300

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lossmith-onnx-'))
})
afterEach(() => rm(folder, { recursive: true }))

const models: [string, Job['model']][] = [
  ['lr', { kind: 'lr' }],
  ['fm', { kind: 'fm', embedding: 16 }],
  ['deepfm', { kind: 'deepfm', embedding: 16, hidden: [64, 32], dropout: 0.2 }],
  ['wide-and-deep', { kind: 'wide-and-deep', embedding: 16, hidden: [64, 32], dropout: 0.2 }],
  ['ipnn', { kind: 'ipnn', embedding: 4, hidden: [64, 32], dropout: 0.2 }],
  ['dcn-v2', { kind: 'dcn-v2', embedding: 4, crosses: 2, hidden: [64, 32], dropout: 0.2 }],
]
for (const [name, model] of models) {
  for (const width of [0, 13]) {
    test(`${name} with ${width || 'no'} numbers scores like the engine`, { skip }, async () => {
      await compareScores(model, width)
    })
  }
  test(`${name} of five classes scores like the engine`, { skip }, async () => {
    await compareScores(model, 13, { classes: 5 })
  })
}

test('weights too large for one file go to a second one', { skip }, async () => {
  await compareScores({ kind: 'deepfm', embedding: 8, hidden: [16], dropout: 0 }, 13, { externalFrom: 1000 })
  assert.deepEqual((await readdir(folder)).sort(), ['model.onnx', 'model.onnx.data'])
  assert.ok((await stat(join(folder, 'model.onnx'))).size < 20_000)
})

test('a tensor that cannot be read leaves no file', async () => {
  const readTensor = async () => {
    throw new Error('the checkpoint is gone')
  }
  const path = join(folder, 'model.onnx')
  await assert.rejects(exportOnnx({ job: jobOf({ kind: 'lr' }), features: featuresOf(0), readTensor, path }), /the checkpoint is gone/)
  const short = async () => new Uint8Array(3)
  await assert.rejects(exportOnnx({ job: jobOf({ kind: 'lr' }), features: featuresOf(0), readTensor: short, path }), /wanted \d+ bytes of .*, got 3/)
  assert.deepEqual(await readdir(folder), [])
})

async function compareScores(model: Job['model'], width: number, { classes = 1, externalFrom }: { classes?: number; externalFrom?: number } = {}) {
  if (!runtime) return
  const job = jobOf(model, classes)
  const features = featuresOf(width, classes)
  const plan = await buildPlan(job, features, { ...noFacts, classShares: classes > 1 ? new Array(classes).fill(1 / classes) : [] })
  const weights = new Map([...plan.parameters, ...plan.tables].map((spec) => [spec.name, draw(spec.name, sizeOf(spec), (u) => u - 0.5)]))
  const path = join(folder, 'model.onnx')
  await exportOnnx({ job, features, readTensor: readerOf(weights), path, ...(externalFrom !== undefined && { externalFrom }) })

  const ids = BigInt64Array.from(
    draw('ids', BATCH * features.fields, (u) => Math.floor(u * ROWS)),
    BigInt,
  )
  const numbers = draw('numbers', BATCH * width, (u) => 4 * u - 2)
  const feeds = new Map([
    ['ids', { shape: [BATCH, features.fields], data: ids }],
    ...(width > 0 ? [['numbers', { shape: [BATCH, width], data: numbers }] as const] : []),
  ])
  const session = await openModel(runtime, path)
  assert.deepEqual([...session.inputNames], width > 0 ? ['ids', 'numbers'] : ['ids'])
  const { logits, probability } = await runModel(runtime, session, feeds)
  const scored = score(plan, ids, numbers, weights)
  assert.equal(logits?.length, BATCH * classes)
  for (let i = 0; i < scored.length; i++) {
    const wanted = scored[i] as number
    // The same float32 products, added in another order: ids and numbers give logits of a few units.
    assert.ok(Math.abs((logits?.[i] as number) - wanted) <= 1e-5 * (1 + Math.abs(wanted)), `logit ${i}: engine ${wanted}, ONNX ${logits?.[i]}`)
    const likelihood = classes === 1 ? 1 / (1 + Math.exp(-wanted)) : softmaxAt(scored, i, classes)
    assert.ok(Math.abs((probability?.[i] as number) - likelihood) <= 1e-5, `probability ${i}: engine ${likelihood}, ONNX ${probability?.[i]}`)
  }
  assert.ok(new Set(logits).size > BATCH / 2, 'different rows get different scores')
}

/** Of element i among the logits of its row. */
function softmaxAt(logits: Float32Array, i: number, classes: number): number {
  const row = logits.subarray(i - (i % classes), i - (i % classes) + classes)
  return Math.exp(logits[i]!) / row.reduce((sum, logit) => sum + Math.exp(logit), 0)
}

function score(plan: TrainingPlan, ids: BigInt64Array, numbers: Float32Array, weights: ReadonlyMap<string, Float32Array>): Float32Array {
  const values = {
    inputs: { ids, numbers },
    parameters: Object.fromEntries(plan.parameters.map(({ name }) => [name, weights.get(name) as Float32Array])),
    tables: Object.fromEntries(plan.tables.map(({ name, rows, width }) => [name, { rows, width, values: weights.get(name) as Float32Array }])),
    seed: 0,
    step: 0,
    lane: 0,
  }
  return native.runProgram(plan.predict, BATCH, values).outputs.logits as Float32Array
}

/** Weights as bytes, the way a checkpoint gives them. */
function readerOf(weights: ReadonlyMap<string, Float32Array>) {
  return async (name: string, offset: number, bytes: number): Promise<Uint8Array> => {
    const { buffer, byteOffset } = weights.get(name) as Float32Array
    return new Uint8Array(buffer, byteOffset + offset, bytes)
  }
}

function sizeOf(spec: TrainingPlan['parameters'][number] | TrainingPlan['tables'][number]): number {
  return 'rows' in spec ? spec.rows * spec.width : spec.shape.reduce((size, dim) => size * dim, 1)
}

function draw(name: string, size: number, from: (uniform: number) => number): Float32Array {
  const key = philoxKey(1n, `test/${name}`)
  return Float32Array.from({ length: size }, (_, i) => from(philoxUniform(philox([i, 0, 0, 0], key)[0])))
}

function jobOf(model: Job['model'], classes = 1): Job {
  const optimizer = { kind: 'sgd', rate: 0.1, weightDecay: 0 } as const
  return {
    name: 'onnx',
    seed: 1,
    model,
    loss: { mode: 'one', candidates: [{ name: classes === 1 ? 'bce' : 'ce' }] },
    optimizer,
    train: { batch: 512, lanes: 8 },
  } as Job
}

function featuresOf(width: number, classes = 1): FeaturePlan {
  const numbers = width > 0 ? ({ as: 'normalised' } as const) : ({ as: 'log-bins' } as const)
  return {
    format: { kind: 'criteo' },
    names: [],
    classes,
    firstClass: 0,
    numbers,
    categories: { minCount: 1 },
    fields: width > 0 ? 26 : 39,
    width,
    rows: ROWS,
    maxLineBytes: 1 << 20,
  }
}
