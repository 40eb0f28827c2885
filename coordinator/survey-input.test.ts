import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { DataFacts } from '../common/data-facts.js'
import { parseJob } from '../common/job/parse-job.js'
import type { RunData } from './run-directory.js'
import { temporaryDirectory, testJob, wholeRun } from './run-fixture.test-support.js'
import { factsWanted } from './survey-input.js'

const assigned = (field: string) => `loss={assigned: {field: ${field}, losses: {a: focal}, others: bce}}`

test('facts are wanted by every loss but bce and ce alone', () => {
  const wanted = (loss: string) => factsWanted(parseJob(`{ data: { train: a.tsv }, loss: ${loss} }`, { file: 'j' }))
  assert.deepEqual(['bce', 'focal', '{equal: [bce, focal]}', '{search: [bce, hinge]}'].map(wanted), [false, true, true, true])
  assert.equal(factsWanted(parseJob('{ data: { train: a.tsv, classes: 3 } }', { file: 'j' })), false)
})

test('facts are the same for any number of workers, and those of the first day on resume', { timeout: 30_000 }, async (t) => {
  const facts: DataFacts[] = []
  for (const workers of [1, 2]) {
    const directory = temporaryDirectory(t)
    const job = testJob(directory, [assigned('C1'), 'train.epochs=1', `cluster.workers=${workers}`])
    const run = join(directory, 'run')
    const tasks: string[] = []
    await wholeRun(t, job, run, {}, () => ({ onTask: ({ kind }) => void tasks.push(kind!) }))
    assert.equal(tasks.filter((kind) => kind === 'survey').length, workers)
    const data = () => JSON.parse(readFileSync(join(run, 'data.json'), 'utf8')) as RunData
    facts.push(data().facts)
    tasks.length = 0
    await wholeRun(t, job, run, { resume: true }, () => ({ onTask: ({ kind }) => void tasks.push(kind!) }))
    assert.ok(!tasks.includes('survey') && tasks.includes('prepare'))
    assert.deepEqual(data().facts, facts[0])
  }
  const { baseRate, classShares, fields } = facts[0]!
  // Of the log's first 240 lines (writeLog of run-fixture), of which lines 11 and 150 are malformed.
  const lines = Array.from({ length: 240 }, (_, i) => i).filter((i) => i !== 10 && i !== 149)
  assert.equal(baseRate, lines.filter((i) => (i * 7 + (i >> 3)) % 3 === 0).length / 238)
  assert.deepEqual(classShares, [])
  const [field] = fields
  assert.deepEqual([field!.field, field!.name, field!.values.length], [13, 'C1', 20])
  for (const [row, value] of field!.values.entries()) {
    const numbers = lines.map((i) => (i * 13) % 101).filter((number) => number % 20 === row)
    const texts = [...new Set(numbers.map(String))].sort()
    assert.deepEqual(value, { row, text: texts.join('|'), count: numbers.length })
  }
})

test('a field that the log has not is refused before the rows are read', { timeout: 20_000 }, async (t) => {
  const directory = temporaryDirectory(t)
  const refused = wholeRun(t, testJob(directory, [assigned('C27')]), join(directory, 'run'))
  await assert.rejects(refused, { code: 'controller-field', message: /wanted a field of the log, got "C27"; did you mean C2/ })
})
