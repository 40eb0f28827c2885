/**
 * A whole run checked from outside: its log is read by the plain reference reader, its splits, counts and moments are found anew, its
 * model.onnx is scored by onnxruntime-node and its checkpoint by the engine's predict program; scores must agree, and metrics, ledger and
 * rejects.tsv must be those of a sort and a count over all rows.
 */
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { gunzipSync, gzipSync } from 'node:zlib'
import type { FeaturePlan } from '../common/job/features.js'
import type { Job } from '../common/job/job.js'
import { readJob } from '../common/job/parse-job.js'
import { buildPlan } from '../coordinator/build-plan.js'
import { featurePlan } from '../coordinator/feature-plan.js'
import type { Ledger } from '../coordinator/ledger.js'
import type { Metric } from '../coordinator/run-directory.js'
import { philox, philoxKey, philoxUniform } from '../model/philox.js'
import { type ReferenceLine, readReference } from '../native/ts/criteo-reference.js'
import { loadNative } from '../native/ts/load.js'
import { loadRuntime, openModel, runModel } from './onnx-session.js'
import { checkpointsOf } from './support/checkpoints.js'
import { Processes } from './support/processes.js'
import { readSafetensors } from './support/safetensors.js'
import { spoilLog, writeJob, writeLog } from './support/small-job.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const criteo = join(root, '../shared/data/criteo-70k.tsv.gz')
const native = loadNative()
const runtime = await loadRuntime()
const skip = runtime ? false : 'onnxruntime-node is not installed'
/** Fast enough that a few dozen steps spread the scores. */
const optimizer = { kind: 'adam', rate: 0.02 }
const processes = new Processes()
let folder: string
let log: string

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'lossmith-model-onnx-'))
  log = spoilLog(await writeLog(folder, 6007))
})
afterEach(() => processes.allGone())
after(() => rmSync(folder, { recursive: true }))

test('DeepFM on binned numbers, split by time', { skip }, async () => {
  await checkRun(writeJob(folder, log, { train: { epochs: 1 }, optimizer }, 'time'))
})

test('FM on normalised numbers and frequent values, split by draw', { skip }, async () => {
  const changes = {
    data: { split: { by: 'fraction', validation: 0.1, test: 0.2 } },
    features: { numbers: 'normalised', minCount: 3 },
    model: { kind: 'fm', embedding: 4 },
    train: { epochs: 1 },
    optimizer,
  }
  await checkRun(writeJob(folder, log, changes, 'fraction'))
})

test('LR on several files, gzip and plain, CRLF and LF, with equal rows of both labels', { skip }, async () => {
  const lines = readText(log).trimEnd().split('\n')
  const flipped = lines.slice(4700, 5000).map((line) => line.replace(/^[01]/, (label) => (label === '0' ? '1' : '0')))
  const write = (name: string, rows: readonly string[], end: string) => {
    const text = rows.map((row) => row + end).join('')
    writeFileSync(join(folder, name), name.endsWith('.gz') ? gzipSync(text) : text)
    return join(folder, name)
  }
  const data = {
    train: [write('a.tsv', lines.slice(0, 2000), '\n'), write('b.tsv.gz', lines.slice(2000, 4000), '\r\n')],
    validation: [write('c.tsv.gz', lines.slice(4000, 4700), '\n')],
    test: [write('d.tsv', lines.slice(4700, 5400), '\r\n'), write('e.tsv.gz', flipped, '\n')],
    split: { by: 'files' },
  }
  await checkRun(writeJob(folder, log, { data, features: { minCount: 2 }, model: { kind: 'lr' }, train: { epochs: 1 }, optimizer }, 'files'))
})

for (const [kind, numbers] of [
  ['wide-and-deep', 'log-bins'],
  ['ipnn', 'normalised'],
  ['dcn-v2', 'log-bins'],
] as const)
  test(`${kind} on ${numbers} numbers`, { skip }, async () => {
    const changes = { features: { numbers }, model: { kind, embedding: 4, hidden: [8], dropout: 0.1 }, train: { epochs: 1 }, optimizer }
    await checkRun(writeJob(folder, log, changes, kind))
  })

test("a user's own model on normalised numbers", { skip }, async () => {
  const model = { kind: 'file', path: join(root, 'examples/my-model.ts'), options: { embedding: 4, crosses: 2, hidden: [8] } }
  await checkRun(writeJob(folder, log, { features: { numbers: 'normalised' }, model, train: { epochs: 1 }, optimizer }, 'file'))
})

test('DeepFM on a sample of Criteo', { skip: skip || (existsSync(criteo) ? false : `${criteo} is not here`) }, async () => {
  const changes = { data: { split: { by: 'time', test: 0.1 } }, features: { rows: 30_000 }, train: { batch: 512, epochs: 1 }, optimizer }
  const rows = join(folder, 'criteo.tsv.gz')
  writeFileSync(rows, gzipSync(readText(criteo).split('\n').slice(0, 8000).join('\n'))) // without a last line end
  await checkRun(writeJob(folder, rows, changes, 'criteo'))
})

async function checkRun(jobFile: string): Promise<void> {
  const job = readJob(jobFile)
  const run = join(folder, `run-${job.name}`)
  const words = ['train', jobFile, '--run', run, '--workers', '3', '--threads', '1', '--quiet']
  const { code, stderr } = await processes.start(words).ended
  assert.equal(code, 0, stderr)

  const splits = readSplits(job)
  const good = (split: Split) => splits[split].filter(({ reject }) => reject === null)
  const features = checkFeatures(job, run, good('train'))
  checkLedger(run, splits, job.data.split.by === 'files')
  const metrics = readFileSync(join(run, 'metrics.jsonl'), 'utf8').trimEnd().split('\n')
  const evaluations = metrics.map((line) => JSON.parse(line) as Metric).filter(({ split }) => split !== undefined)
  const wanted = (['validation', 'test'] as const).filter((split) => splits[split].length > 0)
  assert.deepEqual(evaluations.map(({ split }) => split).sort(), [...wanted].sort())

  const score = await scorers(job, run, features.plan)
  for (const metric of evaluations) {
    const rows = features.read(good(metric.split as Split))
    assert.equal(metric.examples, rows.length)
    const { engine, onnx } = await score(rows)
    assert.ok(Math.max(...engine) - Math.min(...engine) > 0.5, 'scores differ, so that their order means something')
    engine.forEach((logit, i) => {
      assert.ok(Math.abs(onnx[i]! - logit) <= 1e-5 * Math.max(1, Math.abs(logit)), `row ${i}: engine ${logit}, onnx ${onnx[i]}`)
    })
    const labels = rows.map(({ label }) => label)
    const exact = measure(engine, labels)
    const outside = measure(onnx, labels)
    for (const name of ['auc', 'logloss', 'calibration'] as const) {
      assert.ok(Math.abs(metric[name] - exact[name]) <= 1e-6, `${metric.split} ${name}: run ${metric[name]}, all scores sorted ${exact[name]}`)
      // Scores of onnxruntime are not bitwise equal for equal rows: ties are broken there, pairs change places.
      const near = name === 'auc' ? 1e-4 : 1e-5
      assert.ok(Math.abs(metric[name] - outside[name]) <= near, `${metric.split} ${name}: run ${metric[name]}, onnx ${outside[name]}`)
    }
  }
  if (job.features.minCount > 1) await checkEvaluate(run, job, evaluations.find(({ split }) => split === 'test')!)
}

/** `lossmith evaluate` on one worker, of the split and, where it is files, of those files as if they were new. */
async function checkEvaluate(run: string, { data }: Job, { split: _, ...wanted }: Metric): Promise<void> {
  for (const words of data.test.length > 0 ? [[], ['--files', ...data.test]] : [[]]) {
    const { code, stdout, stderr } = await processes.start(['evaluate', run, ...words, '--workers', '1', '--threads', '1', '--json']).ended
    assert.equal(code, 0, stderr)
    const got = JSON.parse(stdout) as Metric
    for (const name of ['auc', 'examples', 'step'] as const) assert.equal(got[name], wanted[name], `${name} of evaluate ${words.join(' ')}`)
    // Blocks of new files are others than those of the run, so the sums round in another order.
    for (const name of ['logloss', 'calibration'] as const) assert.ok(Math.abs(got[name] - wanted[name]) <= 1e-12, `${name} ${words.join(' ')}`)
  }
}

const criteoFormat = { kind: 'criteo' } as const

type Split = 'train' | 'validation' | 'test'
type Row = ReferenceLine & { file: string; text: string }

const readText = (path: string) => (path.endsWith('.gz') ? gunzipSync(readFileSync(path)) : readFileSync(path)).toString('latin1')

/** Every line of the input under its split, as docs/job.md says. Their ids are of no use yet: those want the counts. */
function readSplits(job: Job): Record<Split, Row[]> {
  const read = (file: string): Row[] => {
    const text = readText(file)
    const lines = text.split('\n')
    return readReference(text, { ...featurePlan(job, criteoFormat), numbers: { as: 'normalised' } }).map((row, i) => ({
      ...row,
      file,
      text: lines[i]!,
    }))
  }
  const { train, validation, test, split } = job.data
  if (split.by === 'files') return { train: train.flatMap(read), validation: validation.flatMap(read), test: test.flatMap(read) }
  const splits: Record<Split, Row[]> = { train: [], validation: [], test: [] }
  if (split.by === 'time') {
    const rows = train.flatMap(read)
    const testFrom = rows.length - Math.round(rows.length * split.test)
    const validationFrom = testFrom - Math.round(rows.length * split.validation)
    return { train: rows.slice(0, validationFrom), validation: rows.slice(validationFrom, testFrom), test: rows.slice(testFrom) }
  }
  const key = philoxKey(BigInt(job.seed), 'split')
  for (const [file, path] of train.entries())
    for (const row of read(path)) {
      const u = philoxUniform(philox([row.line, 0, file, 0], key)[0])
      splits[u < split.test ? 'test' : u < split.test + split.validation ? 'validation' : 'train'].push(row)
    }
  return splits
}

/** The features of the run, its moments and frequent values found anew from the training rows, and a reader with them. */
function checkFeatures(job: Job, run: string, training: readonly Row[]): { plan: FeaturePlan; read(rows: readonly Row[]): ReferenceLine[] } {
  const { features: plan } = JSON.parse(readFileSync(join(run, 'data.json'), 'utf8')) as { features: FeaturePlan }
  const { numbers } = plan
  assert.deepEqual(
    plan,
    featurePlan(job, criteoFormat, numbers.as === 'normalised' ? { means: [...numbers.means!], deviations: [...numbers.deviations!] } : undefined),
  )
  if (numbers.as === 'normalised')
    for (let column = 0; column < 13; column++) {
      const { mean, deviation } = momentsOf(training.flatMap(({ values }) => values[column] ?? []))
      // Sums are kept to 2^-16, sums of squares to 2^-12 (count_values.cc).
      assert.ok(Math.abs(numbers.means![column]! - mean) <= 2 ** -17, `I${column + 1}: mean ${mean}, got ${numbers.means![column]}`)
      const off = Math.abs(numbers.deviations![column]! - deviation)
      assert.ok(off <= 2 ** -12 / deviation, `I${column + 1}: deviation ${deviation}, got ${numbers.deviations![column]}`)
    }
  const counts = new Map<bigint, number>()
  for (const { categoryKeys } of training) for (const key of categoryKeys) counts.set(key, (counts.get(key) ?? 0) + 1)
  const frequent = new Set([...counts].filter(([, count]) => count >= job.features.minCount).map(([key]) => key))
  if (job.features.minCount > 1) assert.ok(frequent.size > 0 && frequent.size < counts.size, 'some values are rare')
  const kept = job.features.minCount > 1 ? frequent : undefined
  return { plan, read: (rows) => rows.flatMap(({ text }) => readReference(text, plan, kept)) }
}

function momentsOf(values: readonly bigint[]): { mean: number; deviation: number } {
  const x = values.map((value) => Math.log(1 + Math.max(Number(value), 0)))
  const mean = x.reduce((sum, value) => sum + value, 0) / x.length
  return { mean, deviation: Math.sqrt(x.reduce((sum, value) => sum + (value - mean) ** 2, 0) / x.length) }
}

/** The ledger of the last checkpoint, and rejects.tsv, against every line of the files. */
function checkLedger(run: string, splits: Record<Split, Row[]>, byFiles: boolean): void {
  const { ledger } = JSON.parse(readFileSync(join(run, 'checkpoints', checkpointsOf(run).at(-1)!, 'manifest.json'), 'utf8')) as { ledger: Ledger[] }
  const bad = (rows: readonly Row[]) => rows.filter(({ reject }) => reject !== null)
  const [validation, test] = byFiles ? [0, 0] : [splits.validation.length, splits.test.length]
  const heldOut = validation + test
  const [read, rejected] = [splits.train.length + heldOut, bad(splits.train).length]
  assert.deepEqual(ledger, [
    { epoch: 1, read, trained: splits.train.length - rejected, rejected, heldOut, validation, test, drawn: 0, balanced: true },
  ])
  const listed = readFileSync(join(run, 'rejects.tsv'), 'utf8').trimEnd().split('\n').filter(Boolean)
  const wanted = Object.values(splits).flatMap((rows) => bad(rows).map(({ file, line }) => `${file}\t${line}`))
  assert.deepEqual(listed.map((line) => line.split('\t').slice(0, 2).join('\t')).sort(), wanted.sort())
}

/** Logits of rows by two programs: model.onnx in onnxruntime-node, and the plan's predict program in the engine on the last checkpoint's weights. */
async function scorers(job: Job, run: string, features: FeaturePlan) {
  const { predict, parameters, tables } = await buildPlan(job, features)
  const state = readSafetensors(join(run, 'checkpoints', checkpointsOf(run).at(-1)!, 'state.safetensors'))
  const weights = {
    parameters: Object.fromEntries(parameters.map(({ name }) => [name, state.get(name)!.values])),
    tables: Object.fromEntries(tables.map(({ name, rows, width }) => [name, { rows, width, values: state.get(name)!.values }])),
  }
  const session = await openModel(runtime!, join(run, 'model.onnx'))
  return async (rows: readonly ReferenceLine[]) => {
    const engine: number[] = []
    const onnx: number[] = []
    for (let from = 0; from < rows.length; from += predict.maxBatch) {
      const batch = rows.slice(from, from + predict.maxBatch)
      const ids = BigInt64Array.from(batch.flatMap((row) => row.ids))
      const numbers = Float32Array.from(batch.flatMap((row) => row.numbers))
      const inputs = features.width > 0 ? { ids, numbers } : { ids }
      const ran = native.runProgram(predict, batch.length, { inputs, ...weights, seed: 1, step: 0, lane: 0 })
      engine.push(...ran.outputs.logits!)
      const feeds = Object.entries(inputs).map(([name, data]) => [name, { shape: [batch.length, data.length / batch.length], data }] as const)
      onnx.push(...(await runModel(runtime!, session, new Map(feeds))).logits!)
    }
    return { engine, onnx }
  }
}

/** AUC by a sort of all scores, ties counted half; logloss and calibration as written in textbooks, in float64. */
function measure(logits: readonly number[], labels: readonly number[]): { auc: number; logloss: number; calibration: number } {
  const order = logits.map((logit, i) => ({ logit, label: labels[i]! })).sort((a, b) => a.logit - b.logit)
  let rankSum = 0
  for (let from = 0, to: number; from < order.length; from = to) {
    for (to = from; to < order.length && order[to]!.logit === order[from]!.logit; to++);
    const rank = (from + 1 + to) / 2
    for (let i = from; i < to; i++) rankSum += order[i]!.label * rank
  }
  const positives = labels.reduce((sum, label) => sum + label, 0)
  const negatives = labels.length - positives
  const probability = (logit: number) => 1 / (1 + Math.exp(-logit))
  const loss = logits.reduce((sum, logit, i) => sum - Math.log(labels[i] ? probability(logit) : probability(-logit)), 0)
  return {
    auc: (rankSum - (positives * (positives + 1)) / 2) / (positives * negatives),
    logloss: loss / labels.length,
    calibration: logits.reduce((sum, logit) => sum + probability(logit), 0) / positives,
  }
}
