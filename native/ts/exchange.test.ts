/** Sums over lanes, ranks and threads: the same bits whoever owns the lanes, and what the header carries. */
import assert from 'node:assert/strict'
import type { OptimizerSpec } from '../../model/plan.js'
import { loadNative } from './binding.js'
import { type EchoSizes, echoPlan } from './echo-plan.test.support.js'
import { testOnDevices } from './test-on-devices.test.support.js'
import { type MemoryBatch, stateOf, stepAll, withWorld } from './training-world.test.support.js'

const deadline = { timeout: 60_000 }
const sizes: EchoSizes = { fields: 5, width: 17, rows: 300, laneBatch: 12 }
const lanes = 8
const adam: OptimizerSpec = { kind: 'adam', rate: 0.05, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0.01 }
const sgd: OptimizerSpec = { kind: 'sgd', rate: 1, weightDecay: 0 }

/** A small generator for tests: numbers of very different sizes, so that an order of additions shows in the bits. */
function randomSource(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

function randomBatch(random: () => number, count: number, { fields, width, rows }: EchoSizes): MemoryBatch {
  return {
    labels: Float32Array.from({ length: count }, () => random() * 3),
    ids: BigInt64Array.from({ length: count * fields }, () => BigInt(Math.floor(random() ** 3 * rows))),
    numbers: Float32Array.from({ length: count * fields * width }, () => (random() - 0.5) * 10 ** (random() * 6 - 3)),
  }
}

/** Lane l has batches of uneven counts and ends after its own number of steps; lane 5 has nothing at all. */
function unevenLanes(): MemoryBatch[][] {
  const random = randomSource(7)
  return Array.from({ length: lanes }, (_, lane) =>
    Array.from({ length: lane === 5 ? 0 : 1 + ((lane * 3) % 5) }, (_, step) =>
      randomBatch(random, 1 + ((lane * 5 + step * 7) % sizes.laneBatch), sizes),
    ),
  )
}

testOnDevices('worlds of 1, 2, 3, 4 and 8 ranks with 1 and 2 threads reach the same bytes, while lanes run out', deadline, async (device) => {
  const batches = unevenLanes()
  let expected: { state: Map<string, Float32Array>; summaries: string } | undefined
  for (const world of [1, 2, 3, 4, 8])
    for (const threads of [1, 2])
      await withWorld({ plan: echoPlan(adam, sizes), batches, laneBatch: sizes.laneBatch, world, threads, device }, async (ranks) => {
        const summaries = []
        for (let step = 1; step <= 6; step++) {
          const [first, ...others] = await stepAll(ranks, step)
          for (const other of others) assert.deepEqual(other, first)
          summaries.push(first!)
        }
        assert.deepEqual(
          summaries.map(({ exhausted }) => exhausted),
          [false, false, false, false, true, true],
        )
        assert.equal(summaries[5]!.examples, 0)
        expected ??= { state: await stateOf(ranks[0]!.trainer), summaries: JSON.stringify(summaries) }
        assert.equal(JSON.stringify(summaries), expected.summaries, `world ${world}, threads ${threads}`)
        for (const { trainer } of ranks)
          for (const [name, values] of await stateOf(trainer)) {
            const wanted = expected.state.get(name)!
            assert.ok(
              Buffer.compare(
                Buffer.from(values.buffer, values.byteOffset, values.byteLength),
                Buffer.from(wanted.buffer, wanted.byteOffset, wanted.byteLength),
              ) === 0,
              `${name} with world ${world}, threads ${threads}`,
            )
          }
      })
})

testOnDevices('the sum is the binary tree over lanes, in float32; an absent lane is skipped, not added', deadline, async (device) => {
  // One example a lane. sgd with rate 1 from weights of zero: the new weight is minus the sum over N (a power of two here).
  const present = [0, 2, 3, 6]
  const random = randomSource(3)
  const batches = Array.from({ length: lanes }, (_, lane) => (present.includes(lane) ? [randomBatch(random, 1, sizes)] : []))
  const plan = echoPlan(sgd, { ...sizes, init: { kind: 'zeros' } })
  const sum = (first: number, count: number, of: (lane: number) => number | undefined): number | undefined => {
    if (count === 1) return of(first)
    const left = sum(first, count / 2, of)
    const right = sum(first + count / 2, count / 2, of)
    return left === undefined ? right : right === undefined ? left : Math.fround(left + right)
  }
  for (const world of [1, 3])
    await withWorld({ plan, batches, laneBatch: sizes.laneBatch, world, device }, async (ranks) => {
      const [{ lossSum } = { lossSum: 0 }] = await stepAll(ranks, 1)
      const inLane = (lane: number, pick: (batch: MemoryBatch) => number | undefined) => (batches[lane]![0] ? pick(batches[lane]![0]!) : undefined)
      const losses = sum(0, lanes, (lane) => inLane(lane, ({ labels }) => labels[0]))
      assert.ok(Math.abs(lossSum - losses!) < 1e-6)
      const state = await stateOf(ranks[0]!.trainer)
      const w = state.get('w')!
      for (let i = 0; i < w.length; i++) {
        const total = sum(0, lanes, (lane) => inLane(lane, ({ numbers }) => numbers[i]))!
        assert.equal(w[i], 0 - total / present.length, `w[${i}]`)
      }
      const rows = state.get('rows')!
      for (let row = 0; row < sizes.rows; row++)
        for (let column = 0; column < sizes.width; column++) {
          const total = sum(0, lanes, (lane) =>
            inLane(lane, ({ ids, numbers }) => {
              let own: number | undefined
              ids.forEach((id, field) => {
                const value = numbers[field * sizes.width + column]!
                if (Number(id) === row) own = own === undefined ? value : Math.fround(own + value)
              })
              return own
            }),
          )
          assert.equal(rows[row * sizes.width + column], total === undefined ? 0 : 0 - total / present.length, `row ${row}`)
        }
    })
})

testOnDevices('NaN in one lane is known by its number on all ranks, and nothing is updated', deadline, async (device) => {
  for (const where of ['label', 'number'] as const) {
    const random = randomSource(11)
    const batches = Array.from({ length: lanes }, () => [randomBatch(random, 4, sizes), randomBatch(random, 4, sizes)])
    if (where === 'label') batches[6]![0]!.labels[2] = Number.NaN
    else batches[6]![0]!.numbers[100] = Number.POSITIVE_INFINITY
    await withWorld({ plan: echoPlan(adam, sizes), batches, laneBatch: sizes.laneBatch, world: 3, threads: 2, device }, async (ranks) => {
      const before = await stateOf(ranks[1]!.trainer)
      await Promise.all(ranks.map(({ trainer, feed }) => trainer.compute(1, feed)))
      for (const { notFinite } of await Promise.all(ranks.map(({ trainer }) => trainer.exchange(false)))) assert.deepEqual(notFinite, [6])
      for (const { trainer } of ranks) await assert.rejects(trainer.update(1), { kind: 'broken', code: 'not-finite', message: /step 1, lanes 6/ })
      assert.deepEqual(await stateOf(ranks[1]!.trainer), before)
      for (const { notFinite } of await stepAll(ranks, 2)) assert.deepEqual(notFinite, [])
    })
  }
})

testOnDevices(
  'full batches, whose runs a GPU replays: the same bytes for 1 and 2 ranks and a second time; what is wrong is told',
  deadline,
  async (device) => {
    const random = randomSource(19)
    const steps = 9
    const batches = Array.from({ length: 4 }, () => Array.from({ length: steps }, () => randomBatch(random, sizes.laneBatch, sizes)))
    batches[2]![7]!.numbers[11] = Number.NaN
    batches[3]![8]!.ids[17] = BigInt(sizes.rows)
    let expected: string | undefined
    for (const world of [1, 1, 2])
      await withWorld({ plan: echoPlan(adam, sizes), batches, laneBatch: sizes.laneBatch, world, device }, async (ranks) => {
        const losses: number[] = []
        for (let step = 1; step <= 7; step++) losses.push((await stepAll(ranks, step))[0]!.lossSum)
        const state = [...(await stateOf(ranks.at(-1)!.trainer))].map(([name, values]) => [name, Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString('base64')]) // biome-ignore format: one line
        expected ??= JSON.stringify([losses, state])
        assert.ok(JSON.stringify([losses, state]) === expected, `world ${world}`)
        await Promise.all(ranks.map(({ trainer, feed }) => trainer.compute(8, feed)))
        for (const { notFinite } of await Promise.all(ranks.map(({ trainer }) => trainer.exchange(false)))) assert.deepEqual(notFinite, [2])
        const { trainer, feed } = ranks.at(-1)!
        await assert.rejects(trainer.compute(9, feed), { kind: 'config', code: 'row-out-of-range', message: /300/ })
      })
  },
)

testOnDevices('an order of any rank reaches all ranks; cursors of all lanes do', deadline, async (device) => {
  const random = randomSource(13)
  const batches = Array.from({ length: lanes }, () => Array.from({ length: 4 }, () => randomBatch(random, 2, sizes)))
  await withWorld({ plan: echoPlan(sgd, sizes), batches, laneBatch: sizes.laneBatch, world: 4, device }, async (ranks) => {
    for (const [i, ordering] of [[], [2], [0, 3]].entries())
      for (const summary of await stepAll(ranks, i + 1, ordering)) {
        assert.equal(summary.order, ordering.length > 0)
        assert.equal(summary.cursors.length, lanes)
        assert.equal(summary.examples, lanes * 2)
      }
  })
})

testOnDevices('ranks that do not train the same thing are refused at the first exchange', deadline, async (device) => {
  const native = loadNative()
  const random = randomSource(17)
  const collectives = native.createLocalCollectives(2, 5_000)
  const ranks = collectives.map((collective, rank) => {
    const plan = echoPlan(sgd, { ...sizes, rows: sizes.rows + rank })
    const trainer = native.createTrainer({ ...plan, seed: 1, lanes: 2, laneBatch: 4, threads: 1, firstLane: rank, laneCount: 1, device })
    trainer.setCollective(collective, [0, 1])
    const features = {
      format: { kind: 'criteo' },
      names: [],
      classes: 1,
      firstClass: 0,
      numbers: { as: 'log-bins' },
      categories: { minCount: 1 },
      fields: plan.fields,
      width: plan.numbers,
      rows: 1 << 20,
      maxLineBytes: 1 << 16,
    } as const
    const feed = native.createFeed({ source: { paths: [], pointsPaths: [], vocabularyPath: '', features }, laneBatch: 4, shuffleRows: 1, seed: 1 })
    feed.setMemory(rank, [randomBatch(random, 4, sizes)], false)
    return { trainer, feed }
  })
  await Promise.all(ranks.map(({ trainer, feed }) => trainer.compute(1, feed)))
  for (const { trainer } of ranks) assert.throws(() => trainer.setCollective(collectives[0]!, [0, 2]), { kind: 'config', code: 'lanes' })
  const results = await Promise.allSettled(ranks.map(({ trainer }) => trainer.exchange(false)))
  for (const result of results) assert.equal(result.status === 'rejected' && result.reason.code, 'shape-mismatch')
  for (const { trainer, feed } of ranks) {
    trainer.close()
    feed.close()
  }
})
