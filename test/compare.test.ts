/** `lossmith compare` as a user runs it: a small comparison, again, cut off in the middle, and with another job. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { lossmith, smallRun, startLossmith } from './lossmith-command.js'

let folder: string
let remove: () => void
before(async () => {
  ;({ folder, remove } = await smallRun())
})
after(() => remove())

const args = (out: string, ...more: string[]) => [
  ...['compare', join(folder, 'job.yaml'), '--set', 'loss={search: [bce, focal]}', '--seeds', '2', '--threads', '1', '--out', join(folder, out)],
  ...more,
]
const three = ['--arms', 'bce,search', '--arm', 'again={name: bce}']

interface Facts {
  ok: boolean
  baseline: string
  seeds: number[]
  arms: { arm: string; runs: number; measures: Record<string, { spread: { mean: number }; difference: { mean: number; low: number } }> }[]
}

test('a table of arms by seeds, in three files; the command again takes what is there', async () => {
  const first = await lossmith(args('table', ...three, '--json'))
  assert.equal(first.code, 0, first.stderr)
  const facts = JSON.parse(first.stdout) as Facts
  assert.deepEqual([facts.ok, facts.baseline, facts.seeds], [true, 'bce', [1, 2]])
  assert.deepEqual(
    facts.arms.map(({ arm, runs }) => [arm, runs]),
    [
      ['bce', 2],
      ['search', 2],
      ['again', 2],
    ],
  )
  const [bce, search, again] = facts.arms
  assert.ok(bce!.measures.auc!.spread.mean > 0.55)
  // The same loss, seed and split give the same model: nothing but the loss differs between arms.
  assert.deepEqual(again!.measures.auc!.difference, { mean: 0, low: 0, high: 0, n: 2 })
  assert.notEqual(search!.measures.auc!.difference.mean, 0)
  const out = join(folder, 'table')
  for (const name of ['compare.md', 'compare.json', 'compare.svg']) assert.ok(existsSync(join(out, name)), name)
  const explained = await lossmith(['explain', join(out, 'search-seed2'), '--json'])
  assert.equal(explained.code, 0, explained.stderr)
  const { candidates, weights } = JSON.parse(explained.stdout) as { candidates: string[]; weights: { weights: number[] }[] }
  assert.deepEqual(candidates, ['bce', 'focal(2)'])
  // Weights are in six digits in metrics.jsonl.
  for (const row of weights) assert.ok(Math.abs(row.weights[0]! + row.weights[1]! - 1) < 2e-6)
  const written = readFileSync(join(out, 'compare.json'), 'utf8')

  const second = await lossmith(args('table', ...three, '--json'))
  assert.equal(second.code, 0, second.stderr)
  const runs = second.stderr.split('\n').filter((line) => line.includes('"event":"run"'))
  assert.equal(runs.length, 6)
  assert.ok(runs.every((line) => (JSON.parse(line) as { kept: boolean }).kept))
  assert.equal(readFileSync(join(out, 'compare.json'), 'utf8'), written)
})

test('stopped in the middle, the same command goes on to the same table', async () => {
  const schedule = ['--set', 'train.epochs=30', '--arms', 'bce']
  const { child, ended, saw } = startLossmith(args('stopped', ...schedule, '--json'))
  await saw(/"event":"run"/)
  child.kill('SIGINT')
  const stopped = await ended
  // Between two runs there is nothing to stop in an orderly way.
  assert.ok(stopped.code === 130 || stopped.code === null, stopped.stderr)
  const went = await lossmith(args('stopped', ...schedule, '--json'))
  assert.equal(went.code, 0, went.stderr)
  const whole = await lossmith(args('whole', ...schedule, '--json'))
  const means = (text: string) => (JSON.parse(text) as Facts).arms.map(({ measures }) => measures.logloss!.spread.mean)
  assert.deepEqual(means(went.stdout), means(whole.stdout))
})

test('another job in the same directory is refused, by key', async () => {
  const out = 'refused'
  const first = await lossmith(args(out, '--seeds', '1', '--arms', 'bce', '--quiet'))
  assert.equal(first.code, 0, first.stderr)
  const other = await lossmith(args(out, '--seeds', '1', '--arms', 'bce', '--set', 'optimizer.rate=0.1'))
  assert.equal(other.code, 2)
  assert.match(other.stderr, /bce-seed1.job\.yaml, got another one: optimizer\.rate 0\.001 there, 0\.1 now.*\[job-changed\]/)
  rmSync(join(folder, out), { recursive: true })
})

test('arms and epochs that the job has not are refused before anything is trained', async () => {
  const cases: [string[], RegExp][] = [
    [['--arms', 'bce,focl'], /--arms: wanted some of bce, focal-2, .*did you mean focal\?.*\[compare-arms\]/],
    [['--arm', 'mine'], /--arm: wanted NAME=LOSS/],
    [['--arm', 'mine=focl'], /loss: wanted one of .*did you mean focal\?/],
    [['--epoch', 'best-validation'], /wanted a job that scores both splits after every epoch/],
    [['--set', 'loss=bce'], /wanted a job that searches losses/],
    [['--set', 'data.split.test=0'], /wanted rows set aside for test, .*\[split-empty\]/],
  ]
  for (const [more, message] of cases) {
    const { code, stderr } = await lossmith(args('none', ...more))
    assert.equal(code, 2, stderr)
    assert.match(stderr, message)
  }
  assert.ok(!existsSync(join(folder, 'none')))
})
