import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { explain } from '../commands/explain.js'
import { assertWellFormed } from '../draw/well-formed.test-support.js'
import { Terminal } from '../terminal.js'
import { readSurfaces, type StepSurface, surfacesOf } from './read-surfaces.js'

const probabilities = [0.25, 0.5, 0.75]

/** The first candidate's weight is `first` everywhere, but for y = 1 of the value b, where it is the other's. */
function surface(step: number, field: string | null, first: number): StepSurface {
  const values = field === null ? [null] : ['a', 'b']
  const rows = [0, 1].flatMap((label) =>
    values.map((value) => {
      const weight = label === 1 && value === 'b' ? 1 - first : first
      return { label, value, weights: [probabilities.map(() => weight), probabilities.map(() => 1 - weight)] }
    }),
  )
  return { step, version: step, field, candidates: ['bce', 'focal(2)'], probabilities, rows }
}

function run(
  t: TestContext,
  lines: readonly object[],
  job = 'data: {train: log.tsv}\nloss: {search: [bce, focal], controller: {inputs: [y, field:slice]}}',
): string {
  const folder = mkdtempSync(join(tmpdir(), 'lossmith-explain-'))
  t.after(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, 'job.yaml'), `name: ads\n${job}\n`)
  writeFileSync(join(folder, 'metrics.jsonl'), lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
  return folder
}

const step = (number: number, more: object) => ({ step: number, epoch: 1, loss: 0.5, examples: 8, weights: [0.5, 0.5], losses: [0.6, 0.4], ...more })
const searched = [
  { surface: surface(1, null, 0.5) },
  { surface: surface(1, 'slice', 0.5) },
  step(1, {}),
  step(2, { validation: 0.45 }),
  { surface: surface(2, null, 0.75) },
  { surface: surface(2, 'slice', 0.9) },
  { step: 2, epoch: 1, split: 'test', auc: 0.7, logloss: 0.4 },
]

/** What the command says with --json. */
async function explained(t: TestContext, folder: string, options: Parameters<typeof explain>[1]): Promise<Record<string, unknown>> {
  const terminal = new Terminal({ json: true })
  let facts: Record<string, unknown> = {}
  t.mock.method(terminal, 'result', (_: string, result: Record<string, unknown>) => {
    facts = result
  })
  assert.equal(await explain(folder, options, terminal), 0)
  return facts
}

test('the history of a search as metrics.jsonl tells it', async (t) => {
  const folder = run(t, searched)
  const history = await readSurfaces(folder)
  assert.deepEqual(history.steps, [
    { step: 1, weights: [0.5, 0.5], validation: null },
    { step: 2, weights: [0.5, 0.5], validation: 0.45 },
  ])
  assert.deepEqual(
    surfacesOf(history, null).map(({ step, rows }) => [step, rows.length]),
    [
      [1, 2],
      [2, 2],
    ],
  )
  assert.deepEqual(
    surfacesOf(history, 'slice').map(({ step, rows }) => [step, rows.length]),
    [
      [1, 4],
      [2, 4],
    ],
  )
  assert.throws(() => surfacesOf(history, 'C1'), { code: 'no-surface', message: /wanted surfaces of the field C1, found none: it has slice/ })
  assert.equal((await readSurfaces(folder, 1)).surfaces.length, 2)
})

test('a picture in the run, with the mean weights in words', async (t) => {
  const folder = run(t, searched)
  const facts = await explained(t, folder, {})
  assert.equal(facts.out, join(folder, 'explain.svg'))
  assert.deepEqual(facts.weights, [
    { value: null, label: 0, weights: [0.75, 0.25] },
    { value: null, label: 1, weights: [0.75, 0.25] },
  ])
  const svg = readFileSync(join(folder, 'explain.svg'), 'utf8')
  assertWellFormed(svg)
  for (const words of ['ads: which loss', 'bce', 'focal(2)', 'y = 0', 'y = 1', 'Validation logloss']) assert.ok(svg.includes(words), words)
  assert.equal(svg.match(/<image /g)?.length, 4, 'a heat map for each candidate and label')
})

test('by the values of a field, as it stood at a step', async (t) => {
  const folder = run(t, searched)
  const out = join(folder, 'slices.svg')
  const facts = await explained(t, folder, { field: 'slice', out })
  const weights = facts.weights as { value: string; label: number; weights: number[] }[]
  assert.deepEqual(
    weights.map(({ value, label, weights }) => [value, label, Math.round(100 * weights[0]!)]),
    [
      ['a', 0, 90],
      ['b', 0, 90],
      ['a', 1, 90],
      ['b', 1, 10],
    ],
  )
  const svg = readFileSync(out, 'utf8')
  assertWellFormed(svg)
  assert.equal(svg.match(/<image /g)?.length, 8)
  assert.equal((await explained(t, folder, { step: 1 })).step, 1)
})

test('classes are called as the log has them', async (t) => {
  const data = 'data: {train: log.csv, format: delimited, label: stars, classes: 2, firstClass: 4}'
  const facts = await explained(t, run(t, searched, `${data}\nloss: {search: [ce, focal]}`), {})
  assert.deepEqual(
    (facts.weights as { label: number }[]).map(({ label }) => label),
    [4, 5],
  )
})

test('what cannot be drawn is told', async (t) => {
  const terminal = new Terminal({})
  await assert.rejects(explain(run(t, [step(1, {})]), {}, terminal), { code: 'no-surface', message: /its loss has no controller/ })
  await assert.rejects(explain(run(t, searched), { step: 0 }, terminal), { code: 'no-surface', message: /found none up to step 0/ })
  await assert.rejects(explain(run(t, searched), { out: 'a.png' }, terminal), { code: 'usage', message: /ends in \.svg, got a\.png/ })
  await assert.rejects(explain('/nowhere', {}, terminal), { code: 'run-missing' })
})

test('a half-written last line is left out', async (t) => {
  const folder = run(t, searched)
  writeFileSync(join(folder, 'metrics.jsonl'), `${JSON.stringify(searched[0])}\n{"step": 3, "wei`)
  assert.equal((await readSurfaces(folder)).surfaces.length, 1)
})
