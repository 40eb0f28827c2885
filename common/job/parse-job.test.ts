import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { test } from 'node:test'
import { LossmithError } from '../errors.js'
import type { Job } from './job.js'
import { jobReference } from './job-reference.js'
import { nearestName } from './nearest-name.js'
import { checkFilesHere, parseJob, printJob, readJob } from './parse-job.js'

const parse = (text: string, set: string[] = []): Job => parseJob(text, { file: '/jobs/ads.yaml', set })

function refusal(text: string, set: string[] = []): string {
  try {
    parse(text, set)
  } catch (error) {
    assert.ok(error instanceof LossmithError)
    assert.equal(error.kind, 'config')
    return error.message
  }
  return assert.fail('the job was accepted')
}

test('one required key, the rest are defaults', () => {
  const job = parse('data: {train: log.tsv}')
  assert.equal(job.name, 'ads')
  assert.deepEqual(job.data.train, ['/jobs/log.tsv'])
  assert.deepEqual(job.data.split, { by: 'time', validation: 0, test: 0.1 })
  assert.deepEqual(job.model, { kind: 'deepfm', embedding: 16, hidden: [128, 128], dropout: 0.2 })
  assert.deepEqual(job.optimizer, { kind: 'adam', rate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 })
  assert.deepEqual(job.train, { batch: 2048, lanes: 8, epochs: 1, maxSteps: 0, determinism: true, precision: 'float32' })
  assert.deepEqual([job.cluster.device, job.cluster.exchange], ['auto', 'tree'])
  assert.deepEqual(job.evaluate.everyEpoch, [])
  assert.deepEqual(parse('data: {train: log.tsv, split: {validation: 0.1}}').evaluate.everyEpoch, ['validation'])
})

test('defaults are not shared between jobs', () => {
  const first = parse('data: {train: log.tsv}')
  if (first.model.kind === 'deepfm') first.model.hidden.push(1)
  assert.deepEqual(parse('data: {train: log.tsv}').model, { kind: 'deepfm', embedding: 16, hidden: [128, 128], dropout: 0.2 })
})

test('a printed job is valid input and the same job', () => {
  const texts = [
    'data: {train: [a.tsv, b.tsv.gz]}',
    'data: {train: a.tsv, test: c.tsv, split: {by: files}}\nmodel: {kind: file, path: m.ts, options: {depth: 2}}',
    'data: {train: a.tsv, split: {by: fraction, validation: 0.05}}\nmodel: {kind: lr}\noptimizer: {kind: adagrad}',
    'data: {train: a.tsv, classes: 5}\nmodel: {kind: dcn-v2}',
  ]
  for (const text of texts) {
    const job = parse(text)
    assert.deepEqual(parseJob(printJob(job), { file: '/elsewhere/other.yaml' }), job)
  }
})

test('--set overrides with YAML types, later ones win', () => {
  const job = parse('data: {train: log.tsv}\nmodel: {kind: fm, embedding: 8}', [
    'train.batch=64',
    'train.batch=512',
    'model.kind=deepfm',
    'model.hidden=[32, 16]',
    'data.train[1]=b.tsv',
    'train.determinism=false',
    'name=x-1',
  ])
  assert.equal(job.train.batch, 512)
  assert.deepEqual(job.model, { kind: 'deepfm', embedding: 16, hidden: [32, 16], dropout: 0.2 })
  assert.deepEqual(job.data.train, ['/jobs/log.tsv', resolve('b.tsv')])
  assert.equal(job.train.determinism, false)
  assert.equal(job.name, 'x-1')
})

test('--set on a file given as a single text', () => {
  assert.deepEqual(parse('data: {train: log.tsv}', ['data.train=other.tsv']).data.train, [resolve('other.tsv')])
  assert.match(refusal('data: {train: log.tsv}', ['train.batch']), /wanted --set path=value.*got "train\.batch"/)
  assert.match(refusal('data: {train: log.tsv}', ['train.batsh=4']), /train\.batsh: unknown key.*did you mean batch\?/)
  assert.match(refusal('data: {train: log.tsv}', ['data.train[7]=x']), /--set data\.train\[7\]: wanted a position from 0 to 1, got 7/)
  assert.match(refusal('data: {train: log.tsv}', ['__proto__.x=4']), /__proto__: unknown key/)
  assert.match(refusal('data: {train: log.tsv}', ['train.batch=[1']), /--set train\.batch: wanted a YAML value/)
})

const log = 'data: {train: log.tsv}\n'
const refusals: [string, string, RegExp][] = [
  ['no data', '', /data\.train: wanted a list of at least 1, each a path, got nothing: this key is required/],
  ['unknown key', `${log}trian: {batch: 4}`, /ads\.yaml: trian: unknown key, wanted one of name, .*; did you mean train\?/],
  ['unknown nested key', `${log}train: {lane: 4}`, /train\.lane: unknown key.*did you mean lanes\?/],
  ['key of another kind', `${log}model: {kind: lr, embedding: 4}`, /model\.embedding: unknown key when model\.kind is lr, wanted one of kind/],
  ['wrong type', `${log}train: {batch: many}`, /train\.batch: wanted a whole number from 1 to 16777216, got the text "many"/],
  ['not whole', `${log}train: {epochs: 1.5}`, /train\.epochs: wanted a whole number of at least 1, got 1\.5/],
  [
    'wrong kind',
    `${log}model: {kind: depfm}`,
    /model\.kind: wanted one of lr, fm, deepfm, wide-and-deep, ipnn, dcn-v2, file, got the text "depfm"; did you mean deepfm\?/,
  ],
  ['not an object', `${log}train: 4`, /train: wanted keys and values, got 4/],
  ['negative', `${log}optimizer: {rate: -1}`, /optimizer\.rate: wanted a number above 0, got -1/],
  ['not finite', `${log}optimizer: {rate: .inf}`, /optimizer\.rate: wanted a number above 0, got Infinity/],
  ['lanes', `${log}train: {lanes: 6}`, /train\.lanes: wanted a power of two from 1 to 4096, got 6/],
  ['list item', `${log}model: {hidden: [8, 0]}`, /model\.hidden\[1\]: wanted a whole number from 1 to 65536, got 0/],
  ['batch below lanes', `${log}train: {batch: 4}`, /train\.batch: wanted at least train\.lanes \(8\), got 4/],
  ['batch not divided', `${log}train: {batch: 100}`, /train\.batch: wanted a multiple of train\.lanes \(8\), got 100; nearest are 96 and 104/],
  ['workers', `${log}cluster: {workers: 9}`, /cluster\.workers: wanted at most train\.lanes \(8\), got 9/],
  ['split sum', 'data: {train: a, split: {validation: 0.5, test: 0.5}}', /data\.split: wanted validation \+ test below 1.*got 0\.5 \+ 0\.5/],
  ['files missing', 'data: {train: a, split: {by: files}}', /data\.test: wanted at least one file because data\.split\.by is files/],
  ['files unused', 'data: {train: a, test: b}', /data\.test: wanted no files because data\.split\.by is time.*set data\.split\.by to files/],
  ['split without rows', `${log}evaluate: {everyEpoch: [validation]}`, /evaluate\.everyEpoch\[0\]: wanted a split that has rows, got validation/],
  ['heartbeat', `${log}cluster: {heartbeatMs: 4000}`, /cluster\.lostAfterMs: wanted at least three times cluster\.heartbeatMs \(12000\), got 6000/],
  [
    'precision of a CPU',
    `${log}cluster: {device: cpu}\ntrain: {precision: bf16}`,
    /train\.precision: wanted float32 because cluster\.device is cpu, got bf16/,
  ],
  [
    'exchange of CPUs',
    `${log}cluster: {device: cpu, exchange: allreduce}`,
    /cluster\.exchange: wanted tree because cluster\.device is cpu, got allreduce/,
  ],
  [
    'exchange in no fixed order',
    `${log}cluster: {exchange: allreduce}`,
    /cluster\.exchange: wanted tree, got allreduce, whose sums depend on the number of workers: allow that by train\.determinism: false/,
  ],
  ['not YAML', 'data: [', /ads\.yaml: wanted YAML, got /],
  ['a list', '- 1', /wanted keys and values, got a list of 1/],
  ['twice', 'seed: 1\nseed: 2', /wanted YAML, got Map keys must be unique/],
]
for (const [name, text, expected] of refusals) {
  test(`refused: ${name}`, () => assert.match(refusal(text), expected))
}

test('relative paths of the job start at its folder, those of --set at the current one', () => {
  const text = 'data: {train: [a.tsv, b.tsv]}\nmodel: {kind: file, path: m.ts}'
  const job = parseJob(text, { file: '/jobs/ads.yaml', set: ['data.train[1]=mine.tsv'] })
  assert.deepEqual(job.data.train, ['/jobs/a.tsv', resolve('mine.tsv')])
  assert.equal(job.model.kind === 'file' && job.model.path, '/jobs/m.ts')
  const other = parseJob(text, { file: '/jobs/ads.yaml', set: ['data.train=[x.tsv]', 'model={kind: file, path: n.ts}'] })
  assert.deepEqual([...other.data.train, other.model.kind === 'file' && other.model.path], [resolve('x.tsv'), resolve('n.ts')])
})

test('all problems are told at once, each on a line', () => {
  const lines = refusal('data: {train: a}\ntrain: {batch: x, lanes: 3}\nfoo: 1').split('\n')
  assert.equal(lines.length, 3)
  for (const line of lines) assert.match(line, /^\/jobs\/ads\.yaml: /)
})

test('files that are missing, empty or folders are refused before anything starts', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'lossmith-job-'))
  t.after(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, 'job.yaml'), 'data: {train: [none.tsv, empty.tsv, .]}')
  writeFileSync(join(folder, 'empty.tsv'), '')
  assert.throws(
    () => checkFilesHere(readJob(join(folder, 'job.yaml'))),
    (error: LossmithError) =>
      error.code === 'file-unusable' &&
      /data\.train\[0\]: wanted a file, found none at .*none\.tsv\ndata\.train\[1\]: .*empty file at .*empty\.tsv\ndata\.train\[2\]: .*a folder/.test(
        error.message,
      ),
  )
  assert.throws(() => readJob(join(folder, 'no.yaml')), /wanted a job file at .*no\.yaml, found none/)
})

test('the nearest name', () => {
  const names = ['batch', 'lanes', 'epochs']
  assert.equal(nearestName('batsh', names), 'batch')
  assert.equal(nearestName('abtch', names), 'batch')
  assert.equal(nearestName('LANE', names), 'lanes')
  assert.equal(nearestName('zzzzzz', names), null)
  assert.equal(nearestName('x', []), null)
})

test('docs/job.md is what the schema says', () => {
  const page = readFileSync(new URL('../../../docs/job.md', import.meta.url), 'utf8')
  assert.equal(page, jobReference(), 'run: node dist/scripts/write-job-reference.js')
})
