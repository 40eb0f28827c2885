/** Event files as readers find them: a reader of the test's own, and what TensorBoard's reader found in the same events (test/reference). */
import assert from 'node:assert/strict'
import { appendFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { sequence } from '../../common/colour.js'
import { temporaryDirectory, testJob, wholeRun } from '../run-fixture.test-support.js'
import { fixedContext, fixedProbabilities, fixedStep, fixedSurface, writeFixedEvents } from './fixed-events.test-support.js'
import { crc32c, readEvents, records, summarise } from './read-events.test-support.js'
import { RunTensorboard } from './run-tensorboard.js'

const reference = new URL('../../../test/reference/tensorboard-events.json', import.meta.url)

test('our reader finds what TensorBoard found in the same events; a resumed run takes back what came of its steps', async (t) => {
  assert.equal(crc32c(Buffer.from('123456789')), 0xe3069283)
  const run = temporaryDirectory(t)
  await writeFixedEvents(run)
  const found = readEvents(join(run, 'tensorboard'))
  assert.deepEqual(summarise(found), JSON.parse(readFileSync(reference, 'utf8')))
  assert.deepEqual(
    found.scalars['train/loss']!.map(([, step, value]) => [step, value]),
    [1, 2, 3, 4, 5, 6, 7].map((step) => [step, Math.fround(1 / (step + 1))]),
  )
  // Means over two ranks of 2 and 3 ms; an objective only where the controller learned; no point for what is no number.
  assert.ok(found.scalars['step_seconds/compute']!.every(([, , value]) => value === Math.fround(0.0025)))
  assert.deepEqual(
    found.scalars['validation/loss']!.map(([, step]) => step),
    [3, 4, 5, 6, 7],
  )
  assert.equal(found.scalars['validation/recalibrated_logloss'], undefined)
  assert.deepEqual(
    found.scalars['test/recalibrated_logloss']!.map(([, step, value]) => [step, value]),
    [[7, 0.5]],
  )
})

test('a picture of the surface has the weights of each candidate as a band of cells, by colour', async (t) => {
  const run = temporaryDirectory(t)
  await writeFixedEvents(run)
  const { images, descriptions } = readEvents(join(run, 'tensorboard'))
  const names = 'bce, focal(2), kl(0.05)'
  assert.deepEqual(Object.keys(images).sort(), [
    ...[0, 1].map((label) => `surface/label_${label}: ${names}`),
    ...[0, 1].map((label) => `surface_by_slice/noisy/label_${label}: ${names}`),
  ])
  const of = images[`surface/label_1: ${names}`]!
  assert.deepEqual(
    of.map(({ step }) => step),
    [0, 6],
  )
  const { width, height, pixels } = of[1]!
  assert.deepEqual([width, height], [480, 3 * 24 + 2 * 2])
  const { weights } = fixedSurface(6).surface!.rows[1]!
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const [candidate, inBand] = [Math.floor(y / 26), y % 26 < 24]
      const wanted = inBand ? sequence(weights[candidate * fixedProbabilities.length + Math.floor(x / 120)]!) : [255, 255, 255]
      const at = 3 * (y * width + x)
      assert.deepEqual([...pixels.subarray(at, at + 3)], [...wanted], `pixel ${x}, ${y}`)
    }
  assert.match(descriptions[`surface/label_1: ${names}`]!, /^Weights of bce, focal\(2\), kl\(0\.05\), from the top down, .* from 0\.125 to 0\.875/)
})

test('steps come twice a second at most, and the last one before a phase ends', async (t) => {
  const run = temporaryDirectory(t)
  const events = new RunTensorboard(fixedContext(run), undefined)
  for (let step = 1; step <= 1000; step++) events.add(fixedStep(step, 1_700_000_000_000 + step))
  events.add({ unixMs: 1_700_000_001_500, phase: { phase: 'saving', detail: '' } } as Parameters<typeof events.add>[0])
  await events.close()
  const { scalars } = readEvents(join(run, 'tensorboard'))
  assert.deepEqual(
    scalars['train/loss']!.map(([, step]) => step),
    [1, 501, 1000],
  )
})

test('a disk that takes nothing is a warning, once, and no file is left by a run that never began', async (t) => {
  const run = temporaryDirectory(t)
  writeFileSync(join(run, 'tensorboard'), 'in the way')
  const said: string[] = []
  const events = new RunTensorboard(
    fixedContext(run, (level, message) => said.push(`${level}: ${message}`)),
    undefined,
  )
  for (let step = 1; step < 4; step++) {
    events.add(fixedStep(step))
    await events.close()
  }
  assert.equal(said.length, 1)
  assert.match(said[0]!, /^warn: no more events for TensorBoard are written: E(EXIST|NOTDIR)/)
  const idle = join(run, 'idle')
  mkdirSync(idle)
  const none = new RunTensorboard(fixedContext(idle), undefined)
  none.add({ unixMs: 1, phase: { phase: 'joining', detail: '' } } as Parameters<typeof none.add>[0])
  await none.close()
  assert.deepEqual(readdirSync(idle), [])
})

test('a run that stops and goes on: TensorBoard shows each step once, with the loss of metrics.jsonl', { timeout: 20_000 }, async (t) => {
  const directory = temporaryDirectory(t)
  const run = join(directory, 'run')
  const job = testJob(directory, ['loss={search: [bce, focal, kl], controller: {warmupSteps: 3, hidden: [4]}}'])
  await wholeRun(t, job, run, { tensorboard: true }, (i, coordinator) => ({
    onStep: async (step) => {
      if (i !== 0 || step !== 7) return
      coordinator.stop('test')
      await new Promise((resolve) => setTimeout(resolve, 100))
    },
  }))
  // As a coordinator that died would leave it.
  const files = () => readdirSync(join(run, 'tensorboard')).sort()
  appendFileSync(join(run, 'tensorboard', files()[0]!), Buffer.from([9, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3]))
  const { step: last } = await wholeRun(t, job, run, { tensorboard: true, resume: true })
  assert.equal(files().length, 2)
  for (const name of files()) assert.ok([...records(readFileSync(join(run, 'tensorboard', name)))].length > 2)
  const { scalars, images } = readEvents(join(run, 'tensorboard'))
  const lines = readFileSync(join(run, 'metrics.jsonl'), 'utf8').trimEnd().split('\n')
  const steps = lines.map((line) => JSON.parse(line)).filter(({ loss }) => loss !== undefined)
  const shown = scalars['train/loss']!.map(([, step]) => step)
  assert.deepEqual(
    shown,
    [...new Set(shown)].sort((a, b) => a - b),
  )
  assert.equal(shown.at(-1), last)
  for (const [, step, value] of scalars['train/loss']!) assert.equal(value, Math.fround(steps[step - 1].loss))
  for (const [, step, value] of scalars['candidate_weight/bce']!) assert.equal(value, Math.fround(steps[step - 1].weights[0]))
  const surfaces = lines.map((line) => JSON.parse(line)).filter(({ surface }) => surface !== undefined)
  assert.deepEqual(
    Object.values(images)[0]!.map(({ step }) => step),
    surfaces.map(({ surface }) => surface.step),
  )
})
