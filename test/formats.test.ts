/** Logs with a header and libSVM logs through the command line: every row has its place in the ledger, runs of any workers and resumed ones end alike. */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import type { Manifest } from '../common/checkpoint/manifest.js'
import { type FeaturePlan, featuresOf, type LogFormat } from '../common/job/features.js'
import type { RunData } from '../coordinator/run-directory.js'
import { philox, philoxKey, philoxUniform } from '../model/philox.js'
import { mulberry32 } from '../native/ts/criteo-reference.js'
import { delimitedLog, libsvmLog, readFormat } from '../native/ts/formats-reference.js'
import { checkpointsOf, sameCheckpoint, sameRecords } from './support/checkpoints.js'
import { Processes } from './support/processes.js'

const processes = new Processes()
const folder = mkdtempSync(join(tmpdir(), 'lossmith-formats-'))
afterEach(() => processes.allGone())
after(() => rmSync(folder, { recursive: true }))

async function lossmith(words: string[], wanted = 0): Promise<string> {
  const { code, stdout, stderr } = await processes.start([...words, '--threads', '1', '--quiet']).ended
  assert.equal(code, wanted, stderr)
  return stdout + stderr
}

/** A job over files of these texts; those named .gz are packed. */
function writeJob(name: string, files: Record<string, string>, data: object, more: object = {}): string {
  for (const [file, text] of Object.entries(files)) {
    const bytes = Buffer.from(text, 'latin1')
    writeFileSync(join(folder, file), file.endsWith('.gz') ? gzipSync(bytes) : bytes)
  }
  const job = { data: { train: Object.keys(files), maxRejects: 1000, ...data }, features: { rows: 4096 }, model: { kind: 'lr' }, ...more }
  const path = join(folder, `${name}.yaml`)
  writeFileSync(path, JSON.stringify({ ...job, train: { batch: 64, lanes: 4 } }))
  return path
}

const planOf = (format: LogFormat): FeaturePlan =>
  featuresOf(format, { numbers: { as: 'log-bins' }, categories: { minCount: 1 }, rows: 4096, maxLineBytes: 1 << 20 })

const manifestOf = (run: string) =>
  JSON.parse(readFileSync(join(run, 'checkpoints', checkpointsOf(run).at(-1)!, 'manifest.json'), 'utf8')) as Manifest

/** The ledger and rejects.tsv against every line of the files; `splitOf` by file and line from 1. */
function checkRows(
  run: string,
  files: Record<string, string>,
  format: LogFormat,
  splitOf: (file: number, line: number, row: number) => string,
): void {
  let number = 0
  const lines = Object.entries(files).flatMap(([name, text], file) =>
    readFormat(text, planOf(format)).map(({ line, reject }) => ({ name, line, reject, split: splitOf(file, line, number++) })),
  )
  const of = (split: string) => lines.filter((line) => line.split === split)
  const rejected = of('train').filter(({ reject }) => reject !== null).length
  const [validation, test] = [of('validation').length, of('test').length]
  const rows = { read: lines.length, trained: of('train').length - rejected, rejected, heldOut: validation + test, validation, test, drawn: 0 }
  assert.deepEqual(manifestOf(run).ledger, [{ epoch: 1, ...rows, balanced: true }])
  const listed = readFileSync(join(run, 'rejects.tsv'), 'utf8').trimEnd().split('\n')
  assert.deepEqual(
    listed.map((row) => row.split('\t').slice(0, 2).join(':')).sort(),
    lines.flatMap(({ name, line, reject }) => (reject === null ? [] : [`${join(folder, name)}:${line}`])).sort(),
  )
}

const csv = {
  'a.csv.gz': delimitedLog(',', { rows: 1500, draw: mulberry32(1), malformed: 0.02, ending: 'mixed' }),
  'b.csv': delimitedLog(',', { rows: 1000, draw: mulberry32(2), malformed: 0.02, finalEnding: false }),
}
const delimited: LogFormat = {
  kind: 'delimited',
  delimiter: ',',
  columns: ['id', 'price', 'click', 'site', 'age', 'the, device'],
  ...{ label: 'click', numbers: ['price', 'age'], categories: ['site', 'the, device'] },
}
const data = { format: 'delimited', label: 'click', numbers: ['price', 'age'], ignore: ['id'] }

test('CSV files with a header: every row is accounted for, also when the run is cut and goes on with other workers', async () => {
  const split = { by: 'fraction', validation: 0.1, test: 0.2 }
  const job = writeJob(
    'csv',
    csv,
    { ...data, split },
    { features: { rows: 4096, minCount: 2, numbers: 'normalised' }, checkpoint: { everySteps: 7 } },
  )
  const whole = join(folder, 'csv-whole')
  await lossmith(['train', job, '--run', whole, '--workers', '2'])
  checkRows(whole, csv, delimited, (file, line) => {
    const uniform = philoxUniform(philox([line, 0, file, 0], philoxKey(1n, 'split'))[0])
    return uniform < 0.2 ? 'test' : uniform < 0.2 + 0.1 ? 'validation' : 'train'
  })
  const { features } = JSON.parse(readFileSync(join(whole, 'data.json'), 'utf8')) as RunData
  assert.deepEqual([features.format, features.names], [delimited, ['site', 'the, device']])

  const cut = join(folder, 'csv-cut')
  await lossmith(['train', job, '--run', cut, '--workers', '1', '--set', 'train.maxSteps=11'])
  const file = join(cut, 'job.yaml')
  writeFileSync(file, readFileSync(file, 'utf8').replace('maxSteps: 11', 'maxSteps: 0'))
  await lossmith(['train', '--resume', cut, '--workers', '3'])
  sameCheckpoint(cut, whole, checkpointsOf(whole).at(-1)!)
  sameRecords(cut, whole)

  const scored = JSON.parse(await lossmith(['evaluate', whole, '--files', join(folder, 'b.csv'), '--workers', '1', '--json'])) as { examples: number }
  assert.equal(scored.examples, readFormat(csv['b.csv'], planOf(delimited)).filter(({ reject }) => reject === null).length)
  writeFileSync(join(folder, 'odd.csv'), 'id,click\n1,0\n')
  const odd = await lossmith(['evaluate', whole, '--files', join(folder, 'odd.csv'), '--workers', '1'], 2)
  assert.match(odd, /odd\.csv: wanted the header of the run, whose column 2 is "price", got "click" \[data-header\]/)
})

test('libSVM lines, split by time, surveyed for two losses', async () => {
  const files = { 'a.libsvm': libsvmLog(6, { rows: 2000, draw: mulberry32(3), malformed: 0.02, ending: '\r\n' }) }
  const split = { by: 'time', validation: 0.1, test: 0.1 }
  const job = writeJob('libsvm', files, { format: 'libsvm', fields: 6, split }, { loss: { equal: ['bce', 'focal'] } })
  const run = join(folder, 'libsvm')
  const table = await lossmith(['train', job, '--run', run, '--workers', '2'])
  checkRows(run, files, { kind: 'libsvm', fields: 6 }, (_file, _line, row) => (row < 1600 ? 'train' : row < 1800 ? 'validation' : 'test'))
  const { facts } = JSON.parse(readFileSync(join(run, 'data.json'), 'utf8')) as RunData
  const rows = readFormat(files['a.libsvm'], planOf({ kind: 'libsvm', fields: 6 }))
  const training = rows.slice(0, 1600).filter(({ reject }) => reject === null)
  assert.equal(facts.baseRate, training.filter(({ label }) => label === 1).length / training.length)
  assert.match(table, /epoch +read +trained +rejected +validation +test +ledger\n.*\n1 +2,000 +1,5\d\d +\d+ +200 +200 +balances/)
})

test('files of different headers, and columns that no file has, end the run with their names', async () => {
  const odd = { 'c.csv': csv['b.csv'], 'd.csv': csv['b.csv'].replace('site', 'page') }
  const header = await lossmith(['train', writeJob('odd', odd, data), '--run', join(folder, 'odd')], 2)
  assert.match(header, /d\.csv: wanted the header of .*c\.csv, whose column 4 is "site", got "page" \[data-header\]/)
  const column = writeJob('column', csv, { ...data, numbers: ['prize'] })
  assert.match(
    await lossmith(['train', column, '--run', join(folder, 'column')], 2),
    /data\.numbers: .*"prize"; did you mean price\? \[data-column\]/,
  )
})
