import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { BestReachable } from './best-reachable.js'
import { DrawTable } from './draw-table.js'
import { Random } from './random.js'
import { type ClickLogOptions, writeClickLog } from './write-click-log.js'

const options = { seed: 3, fields: 10, values: 2000, positiveRate: 0.25, auc: 0.8, test: 0.5, rows: 20_000 }

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'lossmith-synth-'))
  t.after(() => rmSync(path, { recursive: true }))
  return path
}

test('a log in Criteo format with the asked rows, rate of positives, missing values and power-law ids', async (t) => {
  const out = join(folder(t), 'log.tsv')
  const facts = await writeClickLog({ ...options, out })
  const rows = readFileSync(out, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => line.split('\t'))
  assert.equal(rows.length, 20_000)
  assert.ok(rows.every((row) => row.length === 40 && /^[01]$/.test(row[0]!)))
  assert.ok(rows.every((row) => row.slice(1, 14).every((text) => /^\d*$/.test(text)) && row.slice(14).every((text) => /^([0-9a-f]{8})?$/.test(text))))
  const positives = rows.filter((row) => row[0] === '1').length / rows.length
  assert.equal(positives, facts.positiveRate)
  assert.ok(Math.abs(positives - 0.25) < 0.015, `${positives}`)
  assert.ok(rows.some((row) => row[2] === '') && rows.some((row) => row[17] === ''), 'values are missing in numbers and categories')
  const counts = new Map<string, number>()
  for (const row of rows) counts.set(row[39]!, (counts.get(row[39]!) ?? 0) + 1)
  const sorted = [...counts.values()].sort((a, b) => b - a)
  assert.ok(sorted[0]! > 8 * sorted[9]!, 'the first value is much more frequent than the tenth')
  assert.ok(sorted.length > 500)
})

test('equal options write equal bytes, plain and gzip; another seed other bytes; fewer rows a prefix', async (t) => {
  const path = folder(t)
  const write = async (name: string, more: Partial<ClickLogOptions> = {}) => {
    await writeClickLog({ ...options, rows: 3000, out: join(path, name), ...more })
    return readFileSync(join(path, name))
  }
  const plain = await write('a.tsv')
  assert.ok(plain.equals(await write('b.tsv')))
  assert.ok(plain.equals(gunzipSync(await write('c.tsv.gz'))))
  assert.ok(!plain.equals(await write('d.tsv', { seed: 4 })))
  const fewer = await write('e.tsv', { rows: 1000 })
  assert.ok(plain.subarray(0, fewer.length).equals(fewer))
})

test('the best reachable AUC is near the asked one and a sort of all scores agrees', async (t) => {
  const facts = await writeClickLog({ ...options, out: join(folder(t), 'log.tsv') })
  assert.equal(facts.testRows, 10_000)
  assert.ok(Math.abs(facts.bestAuc - 0.8) < 0.02, `${facts.bestAuc}`)
  const random = new Random(1, 'test')
  const best = new BestReachable()
  const rows = Array.from({ length: 2000 }, () => ({ logit: random.normal(), label: random.bits() & 1 }))
  for (const { logit, label } of rows) best.add(logit, label)
  const positives = rows.filter(({ label }) => label === 1)
  const negatives = rows.filter(({ label }) => label === 0)
  let ordered = 0
  for (const one of positives) for (const other of negatives) ordered += one.logit > other.logit ? 1 : one.logit === other.logit ? 0.5 : 0
  assert.ok(Math.abs(best.auc() - ordered / (positives.length * negatives.length)) < 1e-4)
  const loss =
    rows.reduce((sum, { logit, label }) => sum - Math.log(label === 1 ? 1 / (1 + Math.exp(-logit)) : 1 / (1 + Math.exp(logit))), 0) / rows.length
  assert.ok(Math.abs(best.logloss() - loss) < 1e-9)
})

test('a failed write leaves nothing behind', async (t) => {
  const path = folder(t)
  const stop = new Error('stop')
  const failing = writeClickLog({ ...options, rows: 100_000, out: join(path, 'log.tsv') }, () => {
    throw stop
  })
  await assert.rejects(failing, stop)
  assert.deepEqual(readdirSync(path), [])
  await assert.rejects(writeClickLog({ ...options, out: '/proc/none.tsv' }), { code: 'out-unusable', kind: 'config' })
})

test('values are drawn as often as their weights say', () => {
  const weights = [5, 0, 1, 2.5, 1.5]
  const table = new DrawTable(weights)
  const random = new Random(9, 'draw')
  const counts = weights.map(() => 0)
  for (let i = 0; i < 100_000; i++) counts[table.draw(random)]!++
  counts.forEach((count, i) => {
    assert.ok(Math.abs(count / 100_000 - weights[i]! / 10) < 0.01, `${i}: ${count}`)
  })
})
