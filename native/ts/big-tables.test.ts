/**
 * Tables of more than 2^31 elements and more than 4 GiB train as small ones do, bit for bit: rows and offsets are 64-bit everywhere. Memory that
 * is never touched is never taken, so first weights are not drawn but written, where they are wanted.
 */
import assert from 'node:assert/strict'
import { totalmem } from 'node:os'
import { buildTrainingPlan } from '../../model/build-plan.js'
import { bceAlone } from '../../model/losses/bce.js'
import { loadNative } from './load.js'
import { type TestDevice, testOnDevices } from './test-on-devices.test.support.js'
import { stepAll, withWorld } from './training-world.test.support.js'

const sgd = { kind: 'sgd', rate: 0.1, weightDecay: 0.02 } as const
/** Shapes of the large table: its rows do not fit 32 bits, or only its elements do not. */
const shapes = [
  { what: 'rows', rows: 2 ** 31 + 50_000_000, width: 1 },
  { what: 'elements', rows: 2 ** 28 + 6_000_000, width: 8 },
]

for (const { what, rows, width } of shapes)
  testOnDevices(
    `${what} beyond 2^31 train as those of a small table do`,
    {
      timeout: 60_000,
      skip: totalmem() < 9.5e9 && 'wants 9 GB to reserve',
    },
    async (device) => {
      // Ids ascend alike in both tables, so only their size differs.
      const half = Math.floor(rows / 2)
      const wide = [0, 5, half - 1, half, Math.ceil(2 ** 31 / width) - 1, Math.ceil(2 ** 31 / width) + 7, rows - 1]
      assert.ok(rows * width > 2 ** 31 && rows * width * 4 > 2 ** 33 && wide.every((row, i) => i === 0 || row > wide[i - 1]!))
      const wanted = await train(device, 7, width, [0, 1, 2, 3, 4, 5, 6], 1)
      for (const world of roomFor(device, 6e10) ? [1, 3] : [1])
        assert.deepEqual(await train(device, rows, width, wide, world), wanted, `world ${world}`)
    },
  )

/** A GPU takes memory at once; nobody else's takes what is not touched. */
const roomFor = (device: TestDevice, bytes: number) => device === 'cpu' || loadNative().freeDeviceMemory(0) > bytes

/** Three steps; the losses and, of every table, the rows `ids` as they are then. */
async function train(device: TestDevice, rows: number, width: number, ids: number[], world: number): Promise<unknown> {
  const model = { kind: 'deepfm', embedding: width, hidden: [3], dropout: 0 } as const
  const plan = buildTrainingPlan({ model, loss: bceAlone, optimizer: sgd, sizes: { fields: 2, numbers: 0, rows }, laneBatch: 2 })
  const batches = [0, 1, 2].map((lane) =>
    [0, 1, 2].map((step) => ({
      labels: Float32Array.of(lane % 2, 1),
      ids: BigInt64Array.from([0, 1, 3, 4], (i) => BigInt(ids[(i + lane + 2 * step) % ids.length]!)),
      numbers: new Float32Array(0),
    })),
  )
  const trained: unknown[] = []
  await withWorld({ plan, batches: [...batches, []], laneBatch: 2, world, threads: 2, initialize: false, device }, async (ranks) => {
    for (const { trainer } of ranks) {
      for (const { name, shape } of plan.parameters) {
        const length = shape.reduce((a, b) => a * b, 1)
        await trainer.writeState(name, 0, bytesOf(Float32Array.from({ length }, (_, i) => Math.sin(i + 1))))
      }
      for (const table of plan.tables) {
        const row = (i: number) => Float32Array.from({ length: table.width }, (_, column) => Math.cos(i + column / 8))
        for (const [i, id] of ids.entries()) await trainer.writeState(table.name, id * table.width * 4, bytesOf(row(i)))
      }
    }
    for (let step = 1; step <= 3; step++) trained.push((await stepAll(ranks, step))[0]!.lossSum)
    for (const table of plan.tables)
      for (const id of ids) trained.push(await ranks[0]!.trainer.readState(table.name, id * table.width * 4, table.width * 4))
  })
  return trained
}

function bytesOf(values: Float32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
}
