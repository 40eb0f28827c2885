/** The trainer through its own door: first weights, state, whole steps against float64, optimizers against PyTorch, misuse. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { buildTrainingPlan } from '../../model/build-plan.js'
import { bceAlone } from '../../model/losses/bce.js'
import { buildTrainingGraph } from '../../model/model.js'
import { initialRows } from '../../model/philox.js'
import type { OptimizerSpec } from '../../model/plan.js'
import { loadNative } from './binding.js'
import { echoPlan } from './echo-plan.test.support.js'
import { ReferenceTrainer } from './reference-trainer.test.support.js'
import { testOnDevices } from './test-on-devices.test.support.js'
import { type MemoryBatch, type Rank, stateOf, stepAll, withWorld } from './training-world.test.support.js'

const deadline = { timeout: 60_000 }
const adam = { kind: 'adam', rate: 0.01, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0 } as const
const adagrad = { kind: 'adagrad', rate: 0.05, epsilon: 1e-10, initial: 0.1, weightDecay: 0.02 } as const
const sgd = { kind: 'sgd', rate: 0.1, weightDecay: 0.02 } as const

testOnDevices('first weights are those of the seed, states start as the optimizer says', deadline, async (device) => {
  for (const optimizer of [adam, adagrad, sgd] satisfies OptimizerSpec[]) {
    const init = { kind: 'normal', deviation: 0.5 } as const
    const plan = echoPlan(optimizer, { fields: 3, width: 5, rows: 20_000, laneBatch: 4, init })
    await withWorld({ plan, batches: [[], []], laneBatch: 4, seed: 99, threads: 2, device }, async ([rank]) => {
      const state = await stateOf(rank!.trainer)
      const states = { adam: ['.m', '.v'], adagrad: ['.v'], sgd: [] }[optimizer.kind]
      assert.deepEqual([...state.keys()], ['w', 'rows', ...states.flatMap((suffix) => [`w${suffix}`, `rows${suffix}`])])
      closeTo(state.get('w')!, initialRows(init, 99n, 'w', 0, 1, 15), 1e-7)
      closeTo(state.get('rows')!, initialRows(init, 99n, 'rows', 0, 20_000, 5), 1e-7)
      for (const suffix of states) {
        const start = Math.fround(suffix === '.v' && optimizer.kind === 'adagrad' ? optimizer.initial : 0)
        for (const name of ['w', 'rows']) assert.ok(state.get(name + suffix)!.every((value) => value === start))
      }
    })
  }
})

for (const optimizer of [sgd, adagrad, adam, { ...adam, weightDecay: 0.02 }] satisfies OptimizerSpec[])
  testOnDevices(`whole steps of DeepFM by ${optimizer.kind}, weight decay ${optimizer.weightDecay}, agree with float64`, deadline, async (device) => {
    const model = { kind: 'deepfm', embedding: 4, hidden: [6, 5], dropout: 0.25 } as const
    const sizes = { fields: 3, numbers: 2, rows: 40 }
    const laneBatch = 8
    const plan = buildTrainingPlan({ model, loss: bceAlone, optimizer, sizes, laneBatch })
    const batches = Array.from({ length: 4 }, (_, lane) =>
      Array.from({ length: 6 - lane }, (_, step) => randomBatch(lane * 100 + step, 1 + ((lane * 3 + step) % laneBatch), sizes)),
    )
    const reference = new ReferenceTrainer(buildTrainingGraph(model, sizes, bceAlone), optimizer, 5n)
    await withWorld({ plan, batches, laneBatch, seed: 5, world: 3, device }, async (ranks) => {
      for (let step = 1; step <= 6; step++) {
        const wanted = reference.step(
          step,
          batches.map((lane) => lane[step - 1]),
        )
        const [summary] = await stepAll(ranks, step)
        assert.ok(Math.abs(summary!.lossSum - wanted) < 1e-4 * wanted, `step ${step}: loss ${summary!.lossSum}, wanted ${wanted}`)
      }
      // Adam divides by the root of small squares, so float32 errors of gradients show: 6 steps of rate 0.01 move a weight by 0.06.
      const state = await stateOf(ranks[0]!.trainer)
      for (const [name, { w }] of reference.weights) closeTo(state.get(name)!, w, 1e-4, name)
    })
  })

testOnDevices('optimizers agree with PyTorch: dense parameters, and tables by SparseAdam and its like', deadline, async (device) => {
  const reference = JSON.parse(readFileSync(new URL('../../../test/reference/optimizers.json', import.meta.url), 'utf8'))
  const { rows, width, fields } = reference
  const batches = [
    reference.ids.map((ids: number[][], step: number) => ({
      labels: Float32Array.of(0, 0),
      ids: BigInt64Array.from(ids.flat(), BigInt),
      numbers: Float32Array.from(reference.numbers[step]),
    })),
  ]
  for (const { optimizer, states } of reference.cases)
    await withWorld({ plan: echoPlan(optimizer, { fields, width, rows, laneBatch: 2 }), batches, laneBatch: 2, device }, async ([rank]) => {
      const { trainer } = rank!
      for (const name of ['w', 'rows']) await trainer.writeState(name, 0, bytesOf(Float32Array.from(reference.initial[name])))
      for (const [i, wanted] of states.entries()) {
        await stepAll([rank!], i + 1)
        const state = await stateOf(trainer)
        // Both in float32, with additions in another order: some units in the last place of weights of size 1.
        closeTo(state.get('w')!, wanted.w, 1e-6, `${JSON.stringify(optimizer)} w, step ${i + 1}`)
        if (wanted.rows) closeTo(state.get('rows')!, wanted.rows, 1e-6, `${JSON.stringify(optimizer)} rows, step ${i + 1}`)
      }
    })
})

testOnDevices('state is read and written in any ranges of floats, and ranges outside are refused', deadline, async (device) => {
  const plan = echoPlan(adam, { fields: 2, width: 7, rows: 11, laneBatch: 2 })
  await withWorld({ plan, batches: [[]], laneBatch: 2, device }, async ([rank]) => {
    const { trainer } = rank!
    for (const { name, bytes, shape } of trainer.stateTensors()) {
      assert.equal(
        shape.reduce((a, b) => a * b, 4),
        bytes,
      )
      const values = Float32Array.from({ length: bytes / 4 }, (_, i) => i + name.length / 8)
      for (let at = 0; at < bytes; at += 20) await trainer.writeState(name, at, bytesOf(values).subarray(at, at + 20))
      const parts: Uint8Array[] = []
      for (let at = 0; at < bytes; at += 36) parts.push(await trainer.readState(name, at, Math.min(36, bytes - at)))
      assert.deepEqual(Buffer.concat(parts), Buffer.from(bytesOf(values)), name)
    }
    for (const [offset, bytes] of [
      [-4, 4],
      [2, 4],
      [0, 6],
      [0, 312],
      [308, 4],
      [0, -4],
    ] as const)
      await assert.rejects(trainer.readState('rows', offset, bytes), { kind: 'config', code: 'state-range' }, `${offset} ${bytes}`)
    await assert.rejects(trainer.writeState('rows', 304, new Uint8Array(8)), { kind: 'config', code: 'state-range' })
    await assert.rejects(trainer.readState('none', 0, 4), { kind: 'config', code: 'state-name', message: /none/ })
  })
})

testOnDevices('calls that overlap, come out of order or after close are refused', deadline, async (device) => {
  const plan = echoPlan(adam, { fields: 2, width: 3, rows: 11, laneBatch: 2 })
  await withWorld({ plan, batches: [[]], laneBatch: 2, device }, async ([rank]) => {
    const { trainer, feed } = rank!
    const first = trainer.initialize()
    assert.throws(() => trainer.initialize(), { kind: 'broken', code: 'overlapping-call', message: /initialize/ })
    await first
    await assert.rejects(trainer.update(1), { kind: 'broken', code: 'update-without-exchange' })
    await assert.rejects(trainer.exchange(false), { kind: 'broken', code: 'exchange-without-compute' })
    await trainer.compute(1, feed)
    await trainer.exchange(false)
    await assert.rejects(trainer.update(0), { kind: 'config', code: 'step', message: /at least 1, got 0/ })
    const running = trainer.compute(2, feed)
    trainer.close()
    await running
    trainer.close()
    assert.throws(() => trainer.initialize(), { kind: 'broken', code: 'closed' })
  })
})

testOnDevices('a lane that starts over is read from its start, whatever was read ahead of it', deadline, async (device) => {
  const plan = echoPlan(sgd, { fields: 1, width: 1, rows: 5, laneBatch: 2 })
  const batch = (label: number): MemoryBatch => ({ labels: Float32Array.of(label), ids: new BigInt64Array(1), numbers: new Float32Array(1) })
  const lossOf = async ({ trainer, feed }: Rank, step: number) => {
    await trainer.compute(step, feed)
    const { lossSum } = await trainer.exchange(false)
    await trainer.update(step)
    return lossSum
  }
  await withWorld({ plan, batches: [[batch(1), batch(2), batch(3)]], laneBatch: 2, device }, async ([rank]) => {
    assert.equal(await lossOf(rank!, 1), 1)
    assert.equal(await lossOf(rank!, 2), 2)
    rank!.feed.setMemory(0, [batch(4), batch(5)], false)
    assert.equal(await lossOf(rank!, 3), 4)
    rank!.feed.setMemory(0, [batch(6)], false)
    assert.equal(await lossOf(rank!, 4), 6)
  })
})

testOnDevices('options that do not fit are refused with what was wanted', deadline, (device) => {
  const native = loadNative()
  const plan = echoPlan(adam, { fields: 2, width: 3, rows: 11, laneBatch: 2 })
  const good = { ...plan, seed: 1, lanes: 4, laneBatch: 2, threads: 1, firstLane: 0, laneCount: 4, device }
  const refused = (change: object, error: object) => assert.throws(() => native.createTrainer({ ...good, ...change }), error)
  refused({ lanes: 6, laneCount: 6 }, { kind: 'config', code: 'lanes', message: /power of two, got 6/ })
  refused({ firstLane: 2 }, { kind: 'config', code: 'lanes' })
  refused({ threads: 0 }, { kind: 'config', code: 'lanes' })
  refused({ firstLane: 2 ** 31 - 1, laneCount: 2 ** 31 - 1 }, { kind: 'config', code: 'lanes' })
  refused({ laneBatch: 3 }, { kind: 'config', code: 'plan', message: /for 3 examples, got one for 2/ })
  refused({ optimizer: { ...adam, kind: 'lion' } }, { kind: 'config', message: /got lion/ })
  refused({ tables: [] }, { kind: 'config', code: 'plan', message: /table of the plan, got rows/ })
  refused({ tables: [{ ...plan.tables[0]!, rows: 2 ** 52, width: 2 ** 20 }] }, { kind: 'config', code: 'table-too-large' })
  const tooLarge = device === 'cpu' ? { code: 'table-too-large', message: /MiB/ } : { code: 'device-memory', message: /wanted \d+ bytes/ }
  refused({ tables: [{ ...plan.tables[0]!, rows: 2 ** 44 }] }, { kind: 'config', ...tooLarge })
  refused({ parameters: [{ ...plan.parameters[0]!, shape: [2 ** 40, 2 ** 40] }] }, { kind: 'config', code: 'parameter-too-large' })
  const none = device === 'cpu' ? { kind: 'broken', code: 'out-of-memory' } : { kind: 'config', code: 'device-memory' }
  refused({ parameters: [{ ...plan.parameters[0]!, shape: [2 ** 46] }] }, { ...none, message: /wanted \d+ bytes/ })
  refused({ parameters: undefined }, { kind: 'config', message: /parameters/ })
})

function randomBatch(seed: number, count: number, { fields, numbers, rows }: { fields: number; numbers: number; rows: number }): MemoryBatch {
  const draws = initialRows({ kind: 'uniform', bound: 1 }, BigInt(seed), 'batch', 0, count, fields + numbers + 1)
  const row = (i: number) => draws.subarray(i * (fields + numbers + 1), (i + 1) * (fields + numbers + 1))
  const examples = Array.from({ length: count }, (_, i) => row(i))
  return {
    labels: Float32Array.from(examples, (values) => Number(values[0]! > 0)),
    ids: BigInt64Array.from(examples.flatMap((values) => [...values.subarray(1, 1 + fields)].map((value) => BigInt(Math.floor(value ** 2 * rows))))),
    numbers: Float32Array.from(examples.flatMap((values) => [...values.subarray(1 + fields)])),
  }
}

function bytesOf(values: Float32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
}

function closeTo(got: ArrayLike<number>, wanted: ArrayLike<number>, tolerance: number, what = ''): void {
  assert.equal(got.length, wanted.length, what)
  for (let i = 0; i < got.length; i++) {
    const error = Math.abs(got[i]! - wanted[i]!)
    assert.ok(error <= tolerance, `${what}[${i}]: got ${got[i]}, wanted ${wanted[i]}`)
  }
}
