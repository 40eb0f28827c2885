/** What every collective must do, whatever carries the bytes. Each rank is an object in this process with a thread of its own. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Collective } from './binding.js'

const deadline = { timeout: 30_000 }

/** `createWorld` makes connected ranks. */
export function testCollective(name: string, createWorld: (world: number, timeoutMs: number) => Promise<Collective[]>): void {
  const withWorld = async (world: number, timeoutMs: number, body: (ranks: Collective[]) => Promise<void>) => {
    const ranks = await createWorld(world, timeoutMs)
    try {
      await body(ranks)
    } finally {
      for (const rank of ranks) rank.close()
    }
  }

  describe(name, () => {
    for (const world of [1, 2, 3, 4, 8]) {
      test(`all-gather and all-to-all of unequal sizes, some empty, over ${world} ranks`, deadline, () =>
        withWorld(world, 10_000, async (ranks) => {
          for (let round = 0; round < 3; round++) {
            const mine = ranks.map((_, rank) => message(rank, rank, (rank * 1013 + round) % 4000))
            for (const gathered of await Promise.all(ranks.map((rank, r) => rank.allGather(mine[r]!)))) assert.deepEqual(gathered, mine)

            const size = (from: number, to: number) => ((from + to + round) % 3 === 0 ? 0 : from * 997 + to * 31 + round)
            const received = await Promise.all(ranks.map((rank, from) => rank.allToAll(ranks.map((_, to) => message(from, to, size(from, to))))))
            received.forEach((parts, to) => {
              assert.deepEqual(
                parts,
                ranks.map((_, from) => message(from, to, size(from, to))),
              )
            })
          }
        }),
      )
    }

    test('payloads of 20 MB both ways', deadline, () =>
      withWorld(2, 10_000, async (ranks) => {
        const bytes = 20 << 20
        const received = await Promise.all(ranks.map((rank, from) => rank.allToAll(ranks.map((_, to) => message(from, to, bytes)))))
        received.forEach((parts, to) => {
          for (const [from, part] of parts.entries()) assert.ok(Buffer.compare(part, message(from, to, bytes)) === 0, `${from} -> ${to}`)
        })
      }),
    )

    test('a rank that does not come is an error within the deadline, and the collective is of no use afterwards', deadline, () =>
      withWorld(3, 300, async (ranks) => {
        const begin = performance.now()
        const two = await Promise.allSettled([ranks[0]!.allGather(message(0, 0, 10)), ranks[1]!.allGather(message(1, 1, 10))])
        assert.ok(performance.now() - begin < 5_000)
        for (const result of two) assertTransient(result)
        assert.ok(two.some((result) => result.status === 'rejected' && result.reason.code === 'collective-timeout'))
        for (const rank of ranks) assertTransient(...(await Promise.allSettled([rank.allGather(message(0, 0, 10))])))
      }),
    )

    for (const aborting of [[3], [0, 1, 2]]) {
      test(`ranks 0 to 2 wait for rank 3: they wake when ${aborting.join(', ')} aborts`, deadline, () =>
        withWorld(4, 20_000, async (ranks) => {
          const blocked = ranks.slice(0, 3).map((rank) => rank.allGather(new Uint8Array(1 << 20)))
          await new Promise((resolve) => setTimeout(resolve, 100))
          const begin = performance.now()
          for (const rank of aborting) ranks[rank]!.abort()
          for (const result of await Promise.allSettled(blocked)) assertTransient(result)
          assert.ok(performance.now() - begin < 5_000, 'woken long before the deadline')
        }),
      )
    }

    test('calls that overlap, and calls after close, are refused', deadline, () =>
      withWorld(2, 10_000, async (ranks) => {
        const [first, second] = ranks as [Collective, Collective]
        const one = first.allGather(message(0, 0, 10))
        assert.throws(() => first.allGather(message(0, 0, 10)), { kind: 'broken', code: 'overlapping-call' })
        await Promise.all([one, second.allGather(message(1, 1, 10))])
        first.close()
        first.close()
        first.abort()
        assert.throws(() => first.allGather(message(0, 0, 10)), { kind: 'broken', code: 'closed' })
      }),
    )
  })
}

/** Bytes that tell who sent them to whom. */
function message(from: number, to: number, bytes: number): Uint8Array {
  const out = new Uint8Array(bytes)
  for (let i = 0; i < bytes; i++) out[i] = (from * 31 + to * 7 + i * 13) % 251
  return out
}

function assertTransient(result: PromiseSettledResult<unknown>): void {
  assert.equal(result.status, 'rejected')
  if (result.status !== 'rejected') return
  assert.equal(result.reason.kind, 'transient')
  assert.match(result.reason.code, /^collective-(broken|timeout)$/)
}
