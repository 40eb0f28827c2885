/** Gradients from device to device over NCCL, on the mock: the bits of a world of one by the tree, its numbers by all-reduce; what is lost is told. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { OptimizerSpec } from '../../model/plan.js'
import { loadNative } from './binding.js'
import { type EchoSizes, echoPlan } from './echo-plan.test.support.js'
import { useMockNccl } from './nccl-mock.test.support.js'
import { type MemoryBatch, type Rank, stateOf, stepAll, type WorldOptions, withWorld } from './training-world.test.support.js'

const deadline = { timeout: 60_000 }
const sizes: EchoSizes = { fields: 5, width: 17, rows: 300, laneBatch: 12 }
const lanes = 8
const adagrad: OptimizerSpec = { kind: 'adagrad', rate: 0.05, epsilon: 1e-8, initial: 0.1, weightDecay: 0 }
const mock = useMockNccl()
const native = loadNative()
const skip = native.describeCuda().built ? false : 'the engine was built without CUDA'

let drawn = 5
const random = () => {
  drawn = (Math.imul(drawn, 1664525) + 1013904223) >>> 0
  return drawn / 2 ** 32
}

/** Of many sizes, so that another order of additions gives other bits. */
function randomBatch(count: number): MemoryBatch {
  const { fields, width, rows } = sizes
  return {
    labels: Float32Array.from({ length: count }, () => random() * 3),
    ids: BigInt64Array.from({ length: count * fields }, () => BigInt(Math.floor(random() ** 3 * rows))),
    numbers: Float32Array.from({ length: count * fields * width }, () => (random() - 0.5) * 10 ** (random() * 4 - 2)),
  }
}

/** Lane l has batches of uneven counts and ends after its own number of steps; lane 5 has nothing at all. */
const batches = Array.from({ length: lanes }, (_, lane) =>
  Array.from({ length: lane === 5 ? 0 : 1 + ((lane * 3) % 4) }, (_, step) => randomBatch(1 + ((lane * 5 + step * 7) % sizes.laneBatch))),
)
const options: WorldOptions = { plan: echoPlan(adagrad, sizes), batches, laneBatch: sizes.laneBatch, device: 'cuda' }

async function trained(more: Partial<WorldOptions>): Promise<Map<string, Float32Array>[]> {
  let states: Map<string, Float32Array>[] = []
  await withWorld({ ...options, ...more }, async (ranks) => {
    for (let step = 1; step <= 5; step++) {
      const [first, ...others] = await stepAll(ranks, step)
      for (const other of others) assert.deepEqual(other, first)
    }
    states = await Promise.all(ranks.map(({ trainer }) => stateOf(trainer)))
  })
  return states
}

const bits = (values: Float32Array) => new Uint32Array(values.buffer, values.byteOffset, values.length)
function assertSameBits(states: Map<string, Float32Array>[], wanted: Map<string, Float32Array>): void {
  for (const state of states) for (const [name, values] of wanted) assert.deepEqual(bits(state.get(name)!), bits(values), name)
}

test('by the tree worlds of 2, 3, 4 and 8 GPUs reach the bytes of one, while lanes run out', { ...deadline, skip }, async () => {
  const [one] = await trained({ world: 1 })
  for (const world of [2, 3, 4, 8]) {
    const before = mock.calls().length
    assertSameBits(await trained({ world }), one!)
    assert.ok(mock.calls().slice(before).includes('ncclSend 1'), 'through NCCL')
  }
})

test('by all-reduce they reach its numbers, all ranks the same bits, and two runs too', { ...deadline, skip }, async () => {
  const [one] = await trained({ world: 1 })
  for (const world of [2, 3, 8]) {
    const states = await trained({ world, exchange: 'allreduce' })
    // Sums of at most 8 lanes in another order differ by some 2^-22 of their largest term; five steps of Adagrad, which divides by the root of a
    // sum of squares, may enlarge that by the ratio of terms, here up to 10^3.
    for (const [name, values] of one!) {
      for (const [i, value] of states[0]!.get(name)!.entries())
        assert.ok(Math.abs(value - values[i]!) <= 1e-3 * Math.max(1, Math.abs(values[i]!)), `${name}[${i}]`)
    }
    assertSameBits(states, states[0]!)
    assertSameBits(await trained({ world, exchange: 'allreduce' }), states[0]!)
  }
})

test('where a rank cannot connect, the tree goes through host memory with the same bits, and all-reduce is refused', {
  ...deadline,
  skip,
}, async () => {
  const [one] = await trained({ world: 1 })
  mock.control('fail ncclCommInitRankConfig 1')
  try {
    const connect = async (world: number) => native.createLocalCollectives(world, 2_000)
    assertSameBits(await trained({ world: 3, connect }), one!)
    await withWorld({ ...options, world: 2, exchange: 'allreduce', connect }, async (ranks) => {
      for (const result of await exchangeOnce(ranks)) assert.equal(result.status === 'rejected' && result.reason.code, 'nccl-missing')
    })
  } finally {
    mock.control()
  }
})

async function exchangeOnce(ranks: Rank[]): Promise<PromiseSettledResult<unknown>[]> {
  await Promise.all(ranks.map(({ trainer, feed }) => trainer.compute(1, feed)))
  return Promise.allSettled(ranks.map(({ trainer }) => trainer.exchange(false)))
}

for (const control of ['fail ncclSend 1', 'async ncclSend 2', 'hang ncclBroadcast 0']) {
  test(`${control}: all ranks are told within the deadline`, { ...deadline, skip }, () =>
    withWorld({ ...options, world: 3, connect: async (world) => native.createLocalCollectives(world, 1_000) }, async (ranks) => {
      mock.control(control)
      try {
        for (const result of await exchangeOnce(ranks)) assert.equal(result.status === 'rejected' && result.reason.kind, 'transient')
      } finally {
        mock.control()
      }
    }),
  )
}

test('an abort of the collective ends what waits in NCCL', { ...deadline, skip }, async () => {
  let collectives: ReturnType<typeof native.createLocalCollectives> = []
  const connect = async (world: number) => {
    collectives = native.createLocalCollectives(world, 20_000)
    return collectives
  }
  await withWorld({ ...options, world: 2, connect }, async (ranks) => {
    mock.control('hang ncclSend 0', 'hang ncclSend 1')
    try {
      setTimeout(() => collectives[0]!.abort(), 300)
      const begin = performance.now()
      for (const result of await exchangeOnce(ranks)) assert.equal(result.status === 'rejected' && result.reason.kind, 'transient')
      assert.ok(performance.now() - begin < 10_000, 'long before the deadline')
    } finally {
      mock.control()
    }
  })
})
