import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { LossmithError } from '../common/errors.js'
import type { FeaturePlan } from '../common/job/features.js'
import type { Job } from '../common/job/job.js'
import { parseJob } from '../common/job/parse-job.js'
import { checkProgram } from '../model/compile/check-program.js'
import { buildPlan } from './build-plan.js'
import { loadModelFile } from './load-model-file.js'

const example = fileURLToPath(new URL('../../examples/my-model.ts', import.meta.url))
const features: FeaturePlan = {
  format: { kind: 'criteo' },
  names: [],
  classes: 1,
  firstClass: 0,
  numbers: { as: 'normalised' },
  categories: { minCount: 1 },
  fields: 26,
  width: 13,
  rows: 100,
  maxLineBytes: 1 << 20,
}

let folder = ''
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lossmith-test-'))
})
after(() => rm(folder, { recursive: true }))

test('the example becomes a plan, with the job’s options over its defaults', async () => {
  const plan = await buildPlan(jobOf(example, { embedding: 4, crosses: 2, hidden: [8] }), features)
  checkProgram(plan.train)
  checkProgram(plan.predict)
  assert.deepEqual(plan.train.parameters, plan.parameters.map(({ name }) => name)) // biome-ignore format: one line
  const shapes = new Map(plan.parameters.map(({ name, shape }) => [name, shape]))
  assert.deepEqual(shapes.get('cross.1.weight'), [39 * 4, 1])
  assert.ok(!shapes.has('cross.2.weight'))
  assert.deepEqual(plan.tables.map(({ name, width }) => [name, width]), [['embedding', 4], ['first', 1]]) // biome-ignore format: one line
})

test('the same file gives the same plan, so that its hash says whether it changed', async () => {
  const [one, two] = [await buildPlan(jobOf(example), features), await buildPlan(jobOf(example), features)]
  assert.equal(JSON.stringify(one), JSON.stringify(two))
})

test('a file may import its own modules; nothing is left behind', async () => {
  await write('half.ts', 'export const half = (x: number): number => x / 2')
  const path = await write('imports.ts', `import { half } from './half.js'\n${definition('layers.linear(inputs)', '{ rate: half(3) }')}`)
  const left = (await readdir(tmpdir())).filter((name) => name.startsWith('lossmith-model-'))
  assert.deepEqual((await loadModelFile(path)).defaults, { rate: 1.5 })
  assert.deepEqual((await readdir(tmpdir())).filter((name) => name.startsWith('lossmith-model-')), left) // biome-ignore format: one line
})

const refusals: [string, string, RegExp][] = [
  ['a syntax error, with its line', 'const a = 1\nexport default {{', /bad\d+\.ts:2:\d+: /],
  ['an import that is not there', "import { x } from './nowhere.js'\nexport default x", /bad\d+\.ts:1:\d+: Could not resolve/],
  ['no default export', 'export const model = 1', /default export made by defineModel.*exports model/],
  ['a default export that is no model', 'export default 7', /default export that is number/],
  ['a file that throws', "throw new TypeError('no luck')", /wanted .*bad\d+\.ts to load, got TypeError: no luck/],
  ['logits of another shape', definition('layers.embedding(inputs, 4)'), /bad\d+\.ts: \[model\] wanted logits \[B\], got \[B, 39, 4\]/],
  ['a model function that throws', definition("(() => { throw new Error('boom') })()"), /bad\d+\.ts: boom/],
  ['an option that the model has not', definition('layers.linear(inputs)', '{ depth: 1 }'), /wanted options of depth, got 'width'/],
]
for (const [i, [what, text, message]] of refusals.entries()) {
  test(`refuses ${what}`, async () => {
    const path = await write(`bad${i}.ts`, text)
    const refused = (error: unknown) => error instanceof LossmithError && error.kind === 'config' && message.test(error.message)
    await assert.rejects(buildPlan(jobOf(path, text.includes('depth') ? { width: 2 } : {}), features), refused)
  })
}

function definition(logits: string, defaults = '{}'): string {
  return `import { defineModel } from 'lossmith'\nexport default defineModel({ defaults: ${defaults}, build: (inputs, options, layers) => ${logits} })\n`
}

async function write(name: string, text: string): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, text)
  return path
}

function jobOf(path: string, options: Record<string, unknown> = {}): Job {
  const text = `data: {train: [${example}]}\nmodel: {kind: file, path: ${path}, options: ${JSON.stringify(options)}}\n`
  return parseJob(text, { file: join(folder, 'job.yaml') })
}
