/** A thread that is terminated in the middle of native work: the process lives on. Only the thread loads the addon, so it goes with it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { isMainThread, parentPort, Worker } from 'node:worker_threads'
import { loadNative } from './binding.js'
import { echoPlan } from './echo-plan.test.support.js'

if (isMainThread)
  test('a worker_thread may be terminated while its trainer computes', { timeout: 60_000 }, async () => {
    for (let i = 0; i < 12; i++) {
      const worker = new Worker(new URL(import.meta.url))
      await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject))
      await sleep(3 * i)
      assert.equal(await worker.terminate(), 1)
    }
    assert.equal(loadNative().describe().gloo, true)
  })
else await trainForever()

async function trainForever(): Promise<never> {
  const { memoryFeed } = await import('./training-world.test.support.js')
  const sizes = { fields: 8, width: 16, rows: 1000, laneBatch: 64 }
  const plan = echoPlan({ kind: 'sgd', rate: 0.1, weightDecay: 0 }, sizes)
  const feed = memoryFeed(plan, sizes.laneBatch)
  const batch = {
    labels: new Float32Array(sizes.laneBatch),
    ids: BigInt64Array.from({ length: sizes.laneBatch * sizes.fields }, (_, i) => BigInt(i)),
    numbers: new Float32Array(sizes.laneBatch * sizes.fields * sizes.width),
  }
  for (let lane = 0; lane < 2; lane++) feed.setMemory(lane, [batch], true)
  const trainer = loadNative().createTrainer({ ...plan, seed: 1, lanes: 2, laneBatch: sizes.laneBatch, threads: 2, firstLane: 0, laneCount: 2 })
  parentPort!.postMessage('ready')
  for (let step = 1; ; step++) {
    await trainer.compute(step, feed)
    await trainer.exchange(false)
    await trainer.update(step)
  }
}
