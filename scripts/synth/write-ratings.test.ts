import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { RatingTruth } from './known-ratings.js'
import { Random } from './random.js'
import { writeRatings } from './write-ratings.js'

const options = { seed: 5, rows: 20_000, values: 400, test: 0.5 }

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'lossmith-synth-'))
  t.after(() => rmSync(path, { recursive: true }))
  return path
}

test('ratings 0 to 4 in the usual shares, of users, items and context', async (t) => {
  const out = join(folder(t), 'ratings.csv')
  const facts = await writeRatings({ ...options, out })
  const [header, ...rows] = readFileSync(out, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => line.split(','))
  assert.deepEqual(header, ['label', 'user', 'item', 'hour', 'device'])
  assert.equal(rows.length, 20_000)
  const wanted = [0.06, 0.11, 0.2, 0.34, 0.29]
  for (const [rating, share] of facts.classShares.entries()) {
    assert.equal(share, rows.filter(([label]) => label === `${rating}`).length / 20_000)
    // The share is fitted on 4,000 rows and then drawn: far below five deviations of the first.
    assert.ok(Math.abs(share - wanted[rating]!) < 0.03, `${rating}: ${share}`)
  }
  assert.deepEqual(
    header.slice(1).map((_, j) => new Set(rows.map((row) => row[j + 1])).size),
    [400, 100, 24, 3],
  )
  assert.deepEqual(JSON.parse(readFileSync(`${out}.truth.json`, 'utf8')), facts)
})

test('the best logloss is the mean entropy of the true probabilities, the best accuracy their mean maximum', async (t) => {
  const facts = await writeRatings({ ...options, rows: 40_000, out: join(folder(t), 'ratings.csv') })
  const truth = new RatingTruth(options.seed, options.values)
  const random = new Random(11, 'others')
  const row = new Uint32Array(4)
  const chances = new Float64Array(5)
  let entropy = 0
  let likeliest = 0
  for (let i = 0; i < 20_000; i++) {
    truth.draw(random, row, chances)
    assert.ok(Math.abs(chances.reduce((a, b) => a + b) - 1) < 1e-12)
    entropy -= chances.reduce((sum, p) => sum + p * Math.log(p), 0) / 20_000
    likeliest += Math.max(...chances) / 20_000
  }
  assert.equal(facts.testRows, 20_000)
  // Five deviations of means over 20,000 rows of about 0.7 and 0.5.
  assert.ok(Math.abs(facts.bestLogloss - entropy) < 0.025, `${facts.bestLogloss}, ${entropy}`)
  assert.ok(Math.abs(facts.bestAccuracy - likeliest) < 0.018, `${facts.bestAccuracy}, ${likeliest}`)
  assert.ok(likeliest > 0.4, 'more than the share of the most frequent rating')
})

test('equal options write equal bytes, another seed others', async (t) => {
  const path = folder(t)
  const write = async (name: string, seed: number) => {
    await writeRatings({ ...options, rows: 500, seed, out: join(path, name) })
    return readFileSync(join(path, name))
  }
  const plain = await write('a.tsv', 5)
  assert.ok(plain.equals(gunzipSync(await write('b.tsv.gz', 5))))
  assert.ok(!plain.equals(await write('c.tsv', 6)))
})
