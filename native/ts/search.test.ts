/** A step that teaches the controller: the evidence against float64, the same bits for any threads and ranks, versions, and misuse. */
import assert from 'node:assert/strict'
import type { LossJob } from '../../common/job/loss.js'
import { buildTrainingPlan } from '../../model/build-plan.js'
import { clickCandidates, searchOf, sliceFacts } from '../../model/controller/controller-job.test.support.js'
import { initialController } from '../../model/controller/initial-controller.js'
import { type Gradients, meanGradients } from '../../model/controller/look-ahead.test.support.js'
import { buildSearchGraph } from '../../model/controller/search-graph.js'
import { buildValidationGraph } from '../../model/controller/validation-graph.js'
import { nameOf } from '../../model/graph.js'
import { buildTrainingGraph, type ModelChoice } from '../../model/model.js'
import type { DenseValue, Value } from '../../model/op.js'
import { initialRows } from '../../model/philox.js'
import { type Evaluation, evaluate } from '../../model/reference.js'
import { loadNative } from './binding.js'
import { echoPlan } from './echo-plan.test.support.js'
import { testOnDevices } from './test-on-devices.test.support.js'
import { type MemoryBatch, memoryFeed, type Rank, searchAll, stateOf, stepAll, withWorld } from './training-world.test.support.js'

const native = loadNative()
const deadline = { timeout: 120_000 }
const sizes = { fields: 3, numbers: 2, rows: 50 }
const model: ModelChoice = { kind: 'deepfm', embedding: 4, hidden: [8, 6], dropout: 0.3 }
const adam = { kind: 'adam', rate: 0.01, beta1: 0.9, beta2: 0.99, epsilon: 1e-6, weightDecay: 0.001 } as const
const laneBatch = 12
const planOf = (loss: LossJob, optimizer = adam) => buildTrainingPlan({ model, sizes, loss, facts: sliceFacts, optimizer, laneBatch })
const centre = 0.5
const search = searchOf(clickCandidates, { gumbel: true, centre })
const plan = planOf(search)
const { controller } = plan
const phi = Float32Array.from(initialRows({ kind: 'uniform', bound: 0.4 }, 4n, 'phi', 0, 1, controller!.size))
const tau = Math.fround(0.7)

function batchOf(seed: number, count: number): MemoryBatch {
  const width = 1 + sizes.fields + sizes.numbers
  const draws = initialRows({ kind: 'uniform', bound: 1 }, BigInt(seed), 'batch', 0, count, width)
  const rows = Array.from({ length: count }, (_, i) => draws.subarray(i * width, (i + 1) * width))
  return {
    labels: Float32Array.from(rows, ([label]) => Number(label! > 0)),
    ids: BigInt64Array.from(rows.flatMap((row) => [...row.subarray(1, 1 + sizes.fields)].map((u) => BigInt(Math.floor(u ** 2 * sizes.rows))))),
    numbers: Float32Array.from(rows.flatMap((row) => [...row.subarray(1 + sizes.fields)])),
  }
}
const lanesOf = (counts: number[][], seed: number) => counts.map((of, lane) => of.map((count, step) => batchOf(seed + lane * 100 + step, count)))

testOnDevices(
  'evidence after 1, 10 and 40 steps is that of float64: gradients by the interpreter, V by the exact derivative of the step',
  deadline,
  async (device) => {
    const batches = lanesOf([Array(42).fill(9), Array(42).fill(12), Array(42).fill(5), []], 1000)
    const validation = lanesOf([[12], [], [7], [10]], 9000)
    await withWorld({ plan, batches, validation, laneBatch, threads: 2, device }, async ([rank]) => {
      rank!.trainer.setController(phi, 1)
      for (let step = 1; step <= 40; step++) {
        if (![2, 11, 40].includes(step)) {
          await rank!.trainer.compute(step, rank!.feed, { search: false, temperature: tau })
          await rank!.trainer.exchange(false)
          await rank!.trainer.update(step)
          continue
        }
        const before = await stateOf(rank!.trainer)
        const { evidence } = await searchAll([rank!], step, tau)
        const wanted = referenceEvidence(before, batches.map((lane) => lane[step - 1]), validation.flat(), step) // biome-ignore format: one line
        for (const [lane, of] of wanted.entries()) {
          const got = [...evidence[lane]!.evidence]
          assert.equal(got.length, controller!.evidence.length)
          assert.ok(cosine(got.slice(2, 2 + phi.length), of.slice(2, 2 + phi.length)) > 0.9999, `dS of lane ${lane}, step ${step}`)
          assert.ok(cosine(got.slice(2 + phi.length), of.slice(2 + phi.length)) > 0.9999, `dH of lane ${lane}, step ${step}`)
          // Σ|t| is positive: float32 against float64 differs by rounding of some hundred sums.
          for (const i of [0, 1]) assert.ok(Math.abs(got[i]! / of[i]! - 1) < 1e-3, `[${i}] of lane ${lane}, step ${step}: ${got[i]}, wanted ${of[i]}`)
        }
      }
    })
  },
)

/** Of every lane that has a batch: the evidence from weights and moments as they were before the step. */
function referenceEvidence(before: Map<string, Float32Array>, lanes: (MemoryBatch | undefined)[], validation: MemoryBatch[], step: number) {
  const training = buildTrainingGraph(model, sizes, search, sliceFacts)
  const held = buildValidationGraph(model, sizes, 'logloss')
  const leaves = [...training.parameters, ...training.tables]
  const at = (batch: MemoryBatch, lane: number): Evaluation => evaluationOf(before, leaves.map((leaf) => [nameOf(leaf), leaf.shape as number[]]), batch, step, lane) // biome-ignore format: one line
  const present = lanes.flatMap((batch, lane) => (batch ? [{ batch, at: at(batch, lane) }] : []))
  const g = weightedMean(present.map(({ at }) => [at.batch, meanGradients(leaves, training.gradients, at)]))
  const h = weightedMean(validation.map((batch) => [batch.labels.length, meanGradients(leaves, held.gradients, at(batch, 0))]))
  const tangents = new Map<string, Value>()
  for (const leaf of leaves) {
    const name = nameOf(leaf)
    const [w, m, v] = ['', '.m', '.v'].map((plane) => before.get(name + plane)!) as [Float32Array, Float32Array, Float32Array]
    const data = Float64Array.from(w, (weight, i) => {
      const gradient = g.get(name)![i]
      if (gradient === undefined) return 0
      return derivative(training.tables.includes(leaf), step, gradient + adam.weightDecay * weight, m[i]!, v[i]!) * (h.get(name)![i] ?? 0)
    })
    tangents.set(`tangent of ${name}`, { shape: leaf.shape as number[], data })
  }
  const { evidence } = buildSearchGraph(training, centre)!
  return present.map(({ at }) => [...(evaluate([evidence], { ...at, values: new Map([...at.values, ...tangents]) }) as DenseValue[])[0]!.data])
}

function evaluationOf(weights: Map<string, Float32Array>, leaves: [string, number[]][], batch: MemoryBatch, step: number, lane: number): Evaluation {
  const B = batch.labels.length
  const values = new Map<string, Value>(leaves.map(([name, shape]) => [name, { shape, data: Float64Array.from(weights.get(name)!) }]))
  values.set('labels', { shape: [B], data: Float64Array.from(batch.labels) })
  values.set('ids', { shape: [B, sizes.fields], data: Float64Array.from(batch.ids, Number) })
  values.set('numbers', { shape: [B, sizes.numbers], data: Float64Array.from(batch.numbers) })
  values.set('controller', { shape: [phi.length], data: Float64Array.from(phi) })
  values.set('temperature', { shape: [1], data: Float64Array.of(tau) })
  return { values, batch: B, randomness: { seed: 1n, step, lane } }
}

function weightedMean(parts: [number, Gradients][]): Gradients {
  const total = parts.reduce((sum, [count]) => sum + count, 0)
  return new Map(
    [...parts[0]![1]].map(([name, first]) => {
      const mean = first.map((_, i) => {
        const known = parts.flatMap(([count, gradients]) => (gradients.get(name)![i] === undefined ? [] : [count * gradients.get(name)![i]!]))
        return known.length === 0 ? undefined : known.reduce((a, b) => a + b) / total
      })
      return [name, mean]
    }),
  )
}

/** ∂/∂g of (w before − w after) / rate, by central differences of Adam's step. */
function derivative(table: boolean, t: number, g: number, m: number, v: number): number {
  const { beta1, beta2, epsilon } = adam
  const [b1, b2] = [1 - beta1 ** t, 1 - beta2 ** t]
  const moved = (g: number) =>
    (beta1 * m + (1 - beta1) * g) / b1 / (Math.sqrt((beta2 * v + (1 - beta2) * g * g) / b2) + epsilon / (table ? Math.sqrt(b2) : 1))
  const h = 1e-5 * (Math.abs(g) + 1e-6)
  return (moved(g + h) - moved(g - h)) / (2 * h)
}

function cosine(a: number[], b: number[]): number {
  const dot = (x: number[], y: number[]) => x.reduce((sum, value, i) => sum + value * y[i]!, 0)
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b))
}

testOnDevices(
  '1, 2 and 4 ranks with 1 and 2 threads see the same evidence and reach the same weights, while lanes run out',
  deadline,
  async (device) => {
    const batches = lanesOf([[9, 3, 12, 1], [12, 12, 12], [5, 8], [], [7, 7, 7, 7], [1], [12, 11, 10, 9], [2, 2]], 100) // biome-ignore format: one line
    const validation = lanesOf([[12, 3], [], [7, 7], [12], [1, 12], [10], [4, 5], [6]], 5000) // biome-ignore format: one line
    for (const lookahead of ['exact', 'preconditioned'] as const) {
      const options = { ...plan, controller: { ...controller!, lookahead } }
      let expected: string | undefined
      for (const world of [1, 2, 4])
        for (const threads of [1, 2])
          await withWorld({ plan: options, batches, validation, laneBatch, world, threads, device }, async (ranks) => {
            const seen: unknown[] = []
            for (let step = 1; step <= 4; step++) {
              teach(ranks, step)
              const { sums, validations, evidence } = await searchAll(ranks, step, tau)
              for (const other of validations) assert.deepEqual(other, validations[0])
              assert.deepEqual([sums[0]!.examples, validations[0]!.examples], [[48, 43, 41, 17][step - 1], [52, 55][(step - 1) % 2]])
              seen.push(sums[0], validations[0], evidence.map(({ lane, examples, evidence }) => [lane, examples, [...evidence]])) // biome-ignore format: one line
            }
            const [first, ...others] = await Promise.all(ranks.map(({ trainer }) => stateOf(trainer)))
            for (const other of others) assert.deepEqual(other, first)
            seen.push([...first!].map(([name, values]) => [name, [...values]]))
            expected ??= JSON.stringify(seen)
            assert.ok(JSON.stringify(seen) === expected, `world ${world}, threads ${threads}`)
          })
    }
  },
)

/** As the coordinator would: another phi for every step. */
function teach(ranks: Rank[], version: number): void {
  const next = phi.map((value, i) => value + 0.01 * version * Math.sin(i))
  for (const { trainer } of ranks) trainer.setController(next, version)
}

testOnDevices('a step that teaches moves the weights as one that does not, and weights of candidates are told by lane', deadline, async (device) => {
  const batches = lanesOf([[9, 12, 7], [12, 4, 3]], 300) // biome-ignore format: one line
  const states: Map<string, Float32Array>[] = []
  for (const teaches of [false, true])
    await withWorld({ plan, batches, validation: lanesOf([[5], [6]], 800), laneBatch, device }, async (ranks) => {
      const [{ trainer, feed }] = ranks as [Rank]
      const zeros = await trainer.compute(1, feed, { search: teaches, temperature: 1 })
      // The first controller is all zeros: uniform weights, whatever the temperature and the noise do to them.
      for (const { candidates, examples } of zeros) {
        assert.equal(candidates.length, 2 * clickCandidates.length)
        const sum = candidates.subarray(0, clickCandidates.length).reduce((a, b) => a + b)
        assert.ok(Math.abs(sum - examples) < 1e-4)
      }
      await trainer.exchange(false)
      await trainer.update(1)
      trainer.setController(initialController(controller!.parameters, 3n), 1)
      for (const step of [2, 3]) {
        if (teaches) await searchAll(ranks, step)
        else await stepAll(ranks, step)
      }
      states.push(await stateOf(trainer))
    })
  // The program of a controller step may add in another order: equal up to rounding.
  for (const [name, values] of states[0]!)
    for (const [i, value] of values.entries()) {
      const got = states[1]!.get(name)![i]!
      assert.ok(Math.abs(got - value) <= 1e-4 * Math.abs(value) + 1e-6, `${name}[${i}]: ${got}, wanted ${value}`)
    }
})

testOnDevices('ranks with different versions of the controller are told so, all of them', deadline, async (device) => {
  await withWorld({ plan, batches: lanesOf([[4], [4], [4], []], 1), laneBatch, world: 3, device }, async (ranks) => {
    for (const [rank, { trainer }] of ranks.entries()) trainer.setController(phi, rank === 1 ? 6 : 7)
    await Promise.all(ranks.map(({ trainer, feed }) => trainer.compute(1, feed, { search: true, temperature: 1 })))
    const message = /version 7 on rank 0 and 6 on rank 1/
    await Promise.all(ranks.map(({ trainer }) => assert.rejects(trainer.exchange(false), { kind: 'broken', code: 'controller-version', message })))
  })
})

testOnDevices('a phi of another size, an order of calls that makes no sense, and plans that do not fit are refused', deadline, async (device) => {
  const none: MemoryBatch[][] = [[batchOf(1, 4), batchOf(2, 4)]]
  await withWorld({ plan, batches: none, laneBatch, device }, async (ranks) => {
    const [{ trainer, feed, validation }] = ranks as [Rank]
    assert.throws(() => trainer.setController(new Float32Array(3), 1), { code: 'controller-size', message: /got 3$/ })
    const early = { kind: 'broken', code: 'search-order' }
    await assert.rejects(trainer.validate(1, validation), early)
    await trainer.compute(1, feed)
    await trainer.exchange(false)
    await assert.rejects(trainer.validate(1, validation), early) // computed without search
    await trainer.update(1)
    await trainer.compute(2, feed, { search: true, temperature: 1 })
    await trainer.exchange(false)
    await assert.rejects(trainer.exchangeValidation(), early)
    await assert.rejects(trainer.tangents(2), early)
    const [lane] = await trainer.validate(2, validation) // the lane has no validation example
    assert.equal(lane!.examples, 0)
    assert.equal((await trainer.exchangeValidation()).examples, 0)
    await assert.rejects(trainer.tangents(2), { ...early, message: /got 0 examples/ })
    await trainer.update(2)
  })
  const rest = { seed: 1, lanes: 1, laneBatch, threads: 1, firstLane: 0, laneCount: 1, device }
  const refused = (change: object) => assert.throws(() => native.createTrainer({ ...plan, ...rest, ...change }), { kind: 'config', code: 'plan' })
  refused({ controller: { ...controller!, validate: null } })
  refused({ controller: { ...controller!, size: 5 } })
  refused({ controller: { ...controller!, laneBatch: 1000 } })
  refused({ controller: { ...controller!, search: plan.train } })
  refused({ classes: 3 })
  const frozen = native.createTrainer({ ...planOf(searchOf(clickCandidates, { frozen: true, from: 'run' })), ...rest })
  const feed = memoryFeed(plan, laneBatch)
  frozen.setController(phi, 1)
  await assert.rejects(frozen.compute(1, feed, { search: true, temperature: 1 }), { code: 'plan' })
  frozen.close()
  feed.close()
})

testOnDevices('a validation gradient that is not finite is said by lane, and the step can be given up', deadline, async (device) => {
  const echo = echoPlan({ kind: 'sgd', rate: 1, weightDecay: 0 }, { fields: 1, width: 1, rows: 9, laneBatch: 2, lookahead: 'exact' })
  const one = (value: number): MemoryBatch => ({ labels: Float32Array.of(0), ids: BigInt64Array.of(3n), numbers: Float32Array.of(value) })
  await withWorld({ plan: echo, batches: [[one(1)], [one(1)]], validation: [[one(1)], [one(Number.NaN)]], laneBatch: 2, device }, async (ranks) => {
    const [{ trainer, feed, validation }] = ranks as [Rank]
    await trainer.compute(1, feed, { search: true, temperature: 1 })
    await trainer.exchange(false)
    await trainer.validate(1, validation)
    assert.deepEqual((await trainer.exchangeValidation()).notFinite, [1])
    await assert.rejects(trainer.tangents(1), { code: 'search-order', message: /1 lanes that are not finite/ })
  })
})
