/** The conformance suite on both collectives, and what is Gloo's own: connecting. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testCollective } from './collective.suite.js'
import { loadNative } from './load.js'

const native = loadNative()

async function glooWorld(world: number, timeoutMs: number) {
  const ranks = Array.from({ length: world }, (_, rank) => native.createCollective({ host: '127.0.0.1', rank, world, timeoutMs }))
  const addresses = ranks.map((rank) => rank.prepare())
  await Promise.all(ranks.map((rank) => rank.connect(addresses)))
  return ranks
}

testCollective('collective in one process', async (world, timeoutMs) => native.createLocalCollectives(world, timeoutMs))
testCollective('collective over Gloo', glooWorld)

test('a host that is no address of this machine is a config error', { timeout: 30_000 }, () => {
  assert.throws(() => native.createCollective({ host: '203.0.113.7', rank: 0, world: 2, timeoutMs: 1000 }).prepare(), {
    kind: 'config',
    code: 'collective-host',
  })
})

test('a peer that never connects, and an abort while connecting, end the wait', { timeout: 30_000 }, async () => {
  const pair = () => [0, 1].map((rank) => native.createCollective({ host: '127.0.0.1', rank, world: 2, timeoutMs: 1_000 }))
  for (const abort of [false, true]) {
    for (const alone of [0, 1]) {
      const ranks = pair()
      const addresses = ranks.map((rank) => rank.prepare())
      const connecting = ranks[alone]!.connect(addresses).then(() => ranks[alone]!.allGather(new Uint8Array(1)))
      if (abort) setTimeout(() => ranks[alone]!.abort(), 50)
      await assert.rejects(connecting, { kind: 'transient' })
      for (const rank of ranks) rank.close()
    }
  }
})

test('a new world among the same ranks works after one that broke', { timeout: 30_000 }, async () => {
  const broken = await glooWorld(3, 5_000)
  broken[2]!.close()
  for (const result of await Promise.allSettled(broken.slice(0, 2).map((rank) => rank.allGather(new Uint8Array(8))))) {
    assert.equal(result.status, 'rejected')
  }
  const again = await glooWorld(3, 5_000)
  const gathered = await Promise.all(again.map((rank, r) => rank.allGather(Uint8Array.of(r))))
  for (const parts of gathered) assert.deepEqual(parts, [Uint8Array.of(0), Uint8Array.of(1), Uint8Array.of(2)])
  for (const rank of [...again, ...broken]) rank.close()
})

test('addresses that nobody prepared are refused', { timeout: 30_000 }, async () => {
  const [rank] = [native.createCollective({ host: '127.0.0.1', rank: 0, world: 2, timeoutMs: 1_000 })]
  rank.prepare()
  await assert.rejects(rank.connect([new Uint8Array(0), new Uint8Array(0)]), { kind: 'config', code: 'collective-addresses' })
  rank.close()
})
