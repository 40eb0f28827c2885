/** Evaluation of a log: per piece and in the scores file, against sums in float64 over the same rows; any thread count, the same bytes. */
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { featuresOf } from '../../common/job/features.js'
import { buildTrainingPlan } from '../../model/build-plan.js'
import { bceAlone } from '../../model/losses/bce.js'
import { buildPredictGraph } from '../../model/model.js'
import type { DenseValue } from '../../model/op.js'
import { evaluate } from '../../model/reference.js'
import { type Feed, loadNative, type NativePiece, type Trainer } from './binding.js'
import { type TestDevice, testOnDevices } from './test-on-devices.test.support.js'
import { stateOf } from './training-world.test.support.js'

const native = loadNative()
const deadline = { timeout: 60_000 }
const folder = mkdtempSync(join(tmpdir(), 'lossmith-evaluate-'))
after(() => rmSync(folder, { recursive: true }))

const model = { kind: 'fm', embedding: 2 } as const
const sizes = { fields: 39, numbers: 0, rows: 61 }
const laneBatch = 7
const sgd = { kind: 'sgd', rate: 0.1, weightDecay: 0 } as const
const plan = buildTrainingPlan({ model, loss: bceAlone, sizes, laneBatch, optimizer: sgd })

/** Row i of the log: few distinct rows, so that logits repeat; line 30 is malformed. */
function line(i: number): string {
  if (i === 30) return 'x\tbroken'
  const numbers = Array.from({ length: 13 }, (_, c) => ((i * 7 + c) % 5 === 0 ? '' : String((i * (c + 3)) % 4)))
  const categories = Array.from({ length: 26 }, (_, c) => ((i % 9) * 31 + c).toString(16).padStart(8, '0'))
  return [String(i % 3 === 0 ? 1 : 0), ...(i % 2 === 0 ? numbers : numbers.map(() => '')), ...categories].join('\t')
}

async function open(device: TestDevice, threads: number, lines: number): Promise<{ trainer: Trainer; feed: Feed; pieces: NativePiece[] }> {
  const path = join(folder, `log-${lines}.tsv`)
  writeFileSync(path, `${Array.from({ length: lines }, (_, i) => line(i)).join('\n')}\n`)
  const index = await native.indexFile({ path, lanes: 2, maxBlockBytes: 4000, pointsPath: `${path}.points` })
  const pieces = index.blocks.map((block, id) => ({ ...block, id: id + 10, skip: 0, take: block.lines, split: 'test' }))
  const features = {
    format: { kind: 'criteo' },
    names: [],
    classes: 1,
    firstClass: 0,
    numbers: { as: 'log-bins' },
    categories: { minCount: 1 },
    fields: 39,
    width: 0,
    rows: sizes.rows,
    maxLineBytes: 1 << 16,
  } as const
  const feed = native.createFeed({ source: { paths: [path], pointsPaths: [''], vocabularyPath: '', features }, laneBatch, shuffleRows: 1, seed: 1 })
  const trainer = native.createTrainer({ ...plan, seed: 3, lanes: 2, laneBatch, threads, firstLane: 0, laneCount: 2, device })
  await trainer.initialize()
  for (const { name, bytes } of trainer.stateTensors()) {
    await trainer.writeState(name, 0, waves(name, bytes))
  }
  return { trainer, feed, pieces }
}

/** Weights that are none of the seed's. */
function waves(name: string, bytes: number): Uint8Array {
  return new Uint8Array(Float32Array.from({ length: bytes / 4 }, (_, i) => Math.sin(i * 12.9898 + name.length) * 0.1).buffer)
}

testOnDevices('pieces and scores are those of the model in float64', deadline, async (device) => {
  let bytes: Buffer | undefined
  for (const threads of [1, 2]) {
    const { trainer, feed, pieces } = await open(device, threads, 200)
    assert.ok(pieces.length > 3)
    const scoresPath = join(folder, `scores-${device}-${threads}`)
    const scores = await trainer.evaluate(feed, pieces, scoresPath)
    const records = readScores(scoresPath)
    const state = await stateOf(trainer)
    const { graph, logits } = buildPredictGraph(model, sizes)
    let rows = 0
    let rejected = 0
    const wanted: { logit: number; positive: boolean }[] = []
    for (const [i, piece] of pieces.entries()) {
      const { labels, ids } = await feed.readPiece(piece)
      const leaves = [...graph.parameters, ...graph.tables].map((leaf) => {
        const name = leaf.attributes.name as string
        return [name, { shape: leaf.shape as number[], data: Float64Array.from(state.get(name)!) }] as const
      })
      const values = new Map<string, DenseValue>([...leaves, ['ids', { shape: [labels.length, 39], data: Float64Array.from(ids, Number) }]])
      const [found] = evaluate([logits], { values, batch: labels.length }) as [DenseValue]
      let logloss = 0
      let predicted = 0
      let correct = 0
      for (const [n, x] of found.data.entries()) {
        const p = 1 / (1 + Math.exp(-x))
        logloss -= Math.log(labels[n] ? p : 1 - p)
        predicted += p
        correct += Number(x > 0 === (labels[n] === 1))
        wanted.push({ logit: x, positive: labels[n] === 1 })
      }
      const score = scores[i]!
      assert.equal(score.piece, piece.id)
      assert.equal(score.count, labels.length)
      assert.equal(
        score.positives,
        labels.reduce((a, b) => a + b, 0),
      )
      assert.ok(Math.abs(score.logloss - logloss) < 1e-4, `logloss ${score.logloss}, wanted ${logloss}`)
      assert.ok(Math.abs(score.predicted - predicted) < 1e-4)
      assert.equal(score.correct, correct)
      rows += score.count
      rejected += score.rejected
      assert.equal(score.rejects.length, score.rejected)
    }
    assert.deepEqual([rows, rejected], [199, 1])

    wanted.sort((a, b) => a.logit - b.logit)
    assert.equal(
      records.reduce((sum, { negatives, positives }) => sum + negatives + positives, 0),
      199,
    )
    assert.ok(records.length < 199, 'equal logits are counted together')
    let at = 0
    for (const [i, { logit, negatives, positives }] of records.entries()) {
      assert.ok(i === 0 || records[i - 1]!.logit < logit, 'ascending, no logit twice')
      const group = wanted.slice(at, at + negatives + positives)
      at += group.length
      for (const { logit: x } of group) assert.ok(Math.abs(x - logit) < 1e-4, `${x} among those of ${logit}`)
      if (group.every(({ logit: x }) => Math.abs(x - logit) < 1e-6)) assert.equal(group.filter(({ positive }) => positive).length, positives)
    }
    bytes ??= readFileSync(scoresPath)
    assert.ok(bytes.equals(readFileSync(scoresPath)), 'the same bytes for any number of threads')
    trainer.close()
    feed.close()
  }
  assert.deepEqual(
    readdirSync(folder).filter((name) => /runs|partial/.test(name)),
    [],
  )
})

testOnDevices(
  'scores of classes are log softmax and the most probable class in float64; labels beyond the classes are refused',
  deadline,
  async (device) => {
    const classSizes = { fields: 2, numbers: 0, rows: 17, classes: 3 }
    const plan = buildTrainingPlan({ model, loss: { mode: 'one', candidates: [{ name: 'ce' }] }, sizes: classSizes, laneBatch, optimizer: sgd })
    const path = join(folder, 'ratings.svm')
    writeFileSync(path, Array.from({ length: 100 }, (_, i) => `${1 + ((i * 7) % 3)} ${i % 11}:1 ${i % 5}:1\n`).join(''))
    const { blocks } = await native.indexFile({ path, lanes: 2, maxBlockBytes: 400, pointsPath: `${path}.points` })
    const pieces = blocks.map((block, id) => ({ ...block, id, skip: 0, take: block.lines, split: 'test' }))
    const rest = { numbers: { as: 'log-bins' }, categories: { minCount: 1 }, rows: 17, maxLineBytes: 1000 } as const
    const feedOf = (classes: number) => {
      const features = featuresOf({ kind: 'libsvm', fields: 2 }, { ...rest, classes, firstClass: 1 })
      return native.createFeed({ source: { paths: [path], pointsPaths: [''], vocabularyPath: '', features }, laneBatch, shuffleRows: 1, seed: 1 })
    }
    const trainer = native.createTrainer({ ...plan, seed: 3, lanes: 2, laneBatch, threads: 2, firstLane: 0, laneCount: 2, device })
    const feed = feedOf(3)
    await trainer.initialize()
    for (const { name, bytes } of trainer.stateTensors()) await trainer.writeState(name, 0, waves(name, bytes))
    const scores = await trainer.evaluate(feed, pieces, join(folder, 'class-scores'))
    assert.equal(readFileSync(join(folder, 'class-scores')).length, 0)

    const state = await stateOf(trainer)
    const { graph, logits } = buildPredictGraph(model, classSizes)
    for (const [i, piece] of pieces.entries()) {
      const { labels, ids } = await feed.readPiece(piece)
      const leaves = [...graph.parameters, ...graph.tables].map((leaf) => {
        const name = leaf.attributes.name as string
        return [name, { shape: leaf.shape as number[], data: Float64Array.from(state.get(name)!) }] as const
      })
      const values = new Map<string, DenseValue>([...leaves, ['ids', { shape: [labels.length, 2], data: Float64Array.from(ids, Number) }]])
      const [found] = evaluate([logits], { values, batch: labels.length }) as [DenseValue]
      let [logloss, correct] = [0, 0]
      for (const [n, label] of labels.entries()) {
        const z = [...found.data.subarray(3 * n, 3 * n + 3)]
        logloss += Math.log(z.reduce((sum, x) => sum + Math.exp(x), 0)) - z[label]!
        correct += Number(z.indexOf(Math.max(...z)) === label)
      }
      const score = scores[i]!
      assert.deepEqual([score.count, score.correct, score.positives, score.predicted], [labels.length, correct, 0, 0])
      assert.ok(Math.abs(score.logloss - logloss) < 1e-4, `logloss ${score.logloss}, wanted ${logloss}`)
    }
    assert.ok(scores.some(({ correct, count }) => correct > 0 && correct < count))

    const more = feedOf(4)
    writeFileSync(path, readFileSync(path, 'utf8').replaceAll(/^3/gm, '4'))
    await assert.rejects(trainer.evaluate(more, pieces, join(folder, 'beyond')), { kind: 'config', code: 'label-class', message: /below 3, got 3/ })
    for (const each of [trainer, feed, more]) each.close()
  },
)

testOnDevices('logits that are not finite, and a path that cannot be written, leave no file', deadline, async (device) => {
  const { trainer, feed, pieces } = await open(device, 2, 50)
  const missing = join(folder, 'missing', 'scores')
  await assert.rejects(trainer.evaluate(feed, pieces, missing), { kind: 'broken', code: 'write-failed', message: /No such file/ })
  const { name } = trainer.stateTensors()[0]!
  await trainer.writeState(name, 0, new Uint8Array(Float32Array.of(Number.NaN).buffer))
  const scoresPath = join(folder, 'never')
  await assert.rejects(trainer.evaluate(feed, pieces, scoresPath), { kind: 'broken', code: 'not-finite', message: /piece 10/ })
  assert.equal(existsSync(scoresPath), false)
  const empty = join(folder, `empty-${device}`)
  mkdirSync(empty)
  assert.deepEqual(await trainer.evaluate(feed, [], join(empty, 'scores')), [])
  assert.deepEqual(readdirSync(empty), ['scores'])
  trainer.close()
  feed.close()
})

function readScores(path: string): { logit: number; negatives: number; positives: number }[] {
  const file = readFileSync(path)
  assert.equal(file.length % 24, 0)
  return Array.from({ length: file.length / 24 }, (_, i) => ({
    logit: file.readDoubleLE(i * 24),
    negatives: Number(file.readBigUInt64LE(i * 24 + 8)),
    positives: Number(file.readBigUInt64LE(i * 24 + 16)),
  }))
}
