/** NCCL's calls, its failures and the collective on top of it, on the mock; ranks are objects in this process, once processes. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { testCollective } from './collective.suite.js'
import { loadNative } from './load.js'
import { type Communicator, connectNccl, createUniqueId, ncclLibrary } from './nccl.js'
import { useMockNccl } from './nccl-mock.test.support.js'

const limit = { timeout: 30_000 }
const mock = useMockNccl()
const native = loadNative()
console.log(`mock of NCCL built from ${mock.header}`)

async function ncclWorld(world: number, timeoutMs: number) {
  const ranks = Array.from({ length: world }, (_, rank) => native.createNcclCollective({ gpu: 0, rank, world, timeoutMs }))
  const addresses = ranks.map((rank) => rank.prepare())
  await Promise.all(ranks.map((rank) => rank.connect(addresses)))
  return ranks
}

testCollective('collective over NCCL', ncclWorld)

async function connectWorld(world: number, timeoutMs = 10_000): Promise<Communicator[]> {
  const uniqueId = createUniqueId()
  return Promise.all(Array.from({ length: world }, (_, rank) => connectNccl({ uniqueId, rank, world, timeoutMs })))
}

async function withWorld(world: number, body: (ranks: Communicator[]) => Promise<void>): Promise<void> {
  const ranks = await connectWorld(world)
  try {
    await body(ranks)
  } finally {
    await Promise.all(ranks.map((rank) => rank.close()))
  }
}

/** Every rank's values in a buffer of its own. */
async function buffersOf(ranks: Communicator[], values: (rank: number) => Float32Array) {
  return Promise.all(
    ranks.map(async (communicator, rank) => {
      const buffer = communicator.allocate(values(rank).byteLength)
      await buffer.write(values(rank))
      return buffer
    }),
  )
}

const row = (rank: number, length: number) => Float32Array.from({ length }, (_, i) => rank * 100 + i)
const all = (world: number) => Array.from({ length: world }, (_, rank) => rank)
/** What an independent loop gives: whole numbers below 2^24, so that no order of adding shows. */
const summed = (world: number, length: number) =>
  Float32Array.from({ length }, (_, i) => all(world).reduce((sum, rank) => sum + row(rank, length)[i]!, 0))

test('library and version are told', limit, () => {
  assert.deepEqual(ncclLibrary(), { path: mock.env.LOSSMITH_NCCL, version: 23007 })
  assert.equal(createUniqueId().length, 128)
  assert.notDeepEqual(createUniqueId(), createUniqueId())
})

for (const world of [1, 2, 3, 4]) {
  test(`all-reduce, reduce, reduce-scatter, all-gather, broadcast over ${world} ranks`, limit, () =>
    withWorld(world, async (ranks) => {
      const own = await buffersOf(ranks, (rank) => row(rank, world * 5))
      const out = await buffersOf(ranks, () => new Float32Array(world * 5).fill(-1))
      const read = (buffers: typeof own) => Promise.all(buffers.map((buffer) => buffer.read(Float32Array)))
      const type = 'float32'

      await Promise.all(ranks.map((rank, r) => rank.allReduce({ from: own[r]!, to: out[r]!, type })))
      for (const values of await read(out)) assert.deepEqual(values, summed(world, world * 5))

      await Promise.all(ranks.map((rank, r) => rank.allReduce({ from: own[r]!, to: out[r]!, type, op: 'max', count: 3 })))
      for (const values of await read(out)) assert.deepEqual(values.slice(0, 3), row(world - 1, 3))
      for (const values of await read(out)) assert.deepEqual(values.slice(3), summed(world, world * 5).slice(3), 'beyond count nothing changes')

      const root = world - 1
      await Promise.all(ranks.map((rank, r) => rank.reduce({ from: own[r]!, to: out[r]!, type, root })))
      assert.deepEqual((await read(out))[root], summed(world, world * 5))

      await Promise.all(ranks.map((rank, r) => rank.reduceScatter({ from: own[r]!, to: out[r]!, type, count: 5 })))
      for (const [r, values] of (await read(out)).entries()) {
        assert.deepEqual(values.slice(0, 5), summed(world, world * 5).slice(r * 5, r * 5 + 5))
      }

      await Promise.all(ranks.map((rank, r) => rank.allGather({ from: own[r]!.part(0, 20), to: out[r]!, type })))
      for (const values of await read(out)) assert.deepEqual(values, Float32Array.from(all(world).flatMap((rank) => [...row(rank, 5)])))

      await Promise.all(ranks.map((rank, r) => rank.broadcast({ from: own[r]!, to: out[r]!, type, root })))
      for (const values of await read(out)) assert.deepEqual(values, row(root, world * 5))
    }),
  )

  test(`all-to-all and all-gather of unequal counts, some zero, over ${world} ranks`, limit, () =>
    withWorld(world, async (ranks) => {
      const count = (from: number, to: number) => (from + 2 * to) % 4
      const sendCounts = (rank: number) => all(world).map((to) => count(rank, to))
      const receiveCounts = (rank: number) => all(world).map((from) => count(from, rank))
      const own = await buffersOf(ranks, (rank) => row(rank, 4 * world))
      const out = await buffersOf(ranks, () => new Float32Array(4 * world).fill(-1))
      await Promise.all(
        ranks.map((rank, r) =>
          rank.allToAllV({ from: own[r]!, to: out[r]!, type: 'float32', sendCounts: sendCounts(r), receiveCounts: receiveCounts(r) }),
        ),
      )
      for (const [r, buffer] of out.entries()) {
        const wanted = all(world).flatMap((from) => {
          const begin = sendCounts(from)
            .slice(0, r)
            .reduce((a, b) => a + b, 0)
          return [...row(from, 4 * world).slice(begin, begin + count(from, r))]
        })
        assert.deepEqual([...(await buffer.read(Float32Array))].slice(0, wanted.length), wanted)
      }

      const counts = all(world).map((rank) => (rank * 2 + 1) % 4)
      await Promise.all(ranks.map((rank, r) => rank.allGatherV({ from: own[r]!, to: out[r]!, type: 'float32', counts })))
      const gathered = all(world).flatMap((rank) => [...row(rank, counts[rank]!)])
      for (const buffer of out) assert.deepEqual([...(await buffer.read(Float32Array))].slice(0, gathered.length), gathered)

      await Promise.all(ranks.map((rank, r) => rank.allToAll({ from: own[r]!, to: out[r]!, type: 'float32' })))
      for (const [r, buffer] of out.entries()) {
        assert.deepEqual(
          [...(await buffer.read(Float32Array))],
          all(world).flatMap((from) => [...row(from, 4 * world).slice(r * 4, r * 4 + 4)]),
        )
      }
    }),
  )
}

test('a ring of sends and receives as one group; other types', limit, () =>
  withWorld(3, async (ranks) => {
    const own = ranks.map((rank) => rank.allocate(32))
    const out = ranks.map((rank) => rank.allocate(32))
    await Promise.all(own.map((buffer, r) => buffer.write(BigInt64Array.of(1n << 60n, BigInt(r), -5n, 7n))))
    await Promise.all(
      ranks.map((rank, r) =>
        rank.group((calls) => {
          calls.send({ from: own[r]!, type: 'int64', peer: (r + 1) % 3 })
          calls.receive({ to: out[r]!, type: 'int64', peer: (r + 2) % 3 })
        }),
      ),
    )
    for (const [r, buffer] of out.entries()) assert.equal((await buffer.read(BigInt64Array))[1], BigInt((r + 2) % 3))
    await Promise.all(ranks.map((rank, r) => rank.allReduce({ from: own[r]!, to: own[r]!, type: 'int64', op: 'min' })))
    assert.deepEqual(await own[0]!.read(BigInt64Array), BigInt64Array.of(1n << 60n, 0n, -5n, 7n))
  }),
)

test('places outside a buffer, ranks outside the world and freed memory are refused, and nothing is sent', limit, () =>
  withWorld(2, async ([first, second]) => {
    const buffer = first!.allocate(64)
    const wrong = { kind: 'config', code: 'nccl-range' }
    assert.throws(() => buffer.part(60, 8), wrong)
    await assert.rejects(first!.allReduce({ from: buffer, to: buffer, type: 'float32', count: 17 }), wrong)
    await assert.rejects(first!.send({ from: buffer, type: 'float32', peer: 2 }), wrong)
    await assert.rejects(first!.allGather({ from: buffer, to: buffer, type: 'float32', count: 9 }), wrong)
    await assert.rejects(first!.allToAllV({ from: buffer, to: buffer, type: 'float32', sendCounts: [1], receiveCounts: [1] }), wrong)
    await assert.rejects(first!.allReduce({ from: buffer, to: buffer, type: 'float31' as 'float32', count: 1 }), { code: 'native-argument' })
    buffer.free()
    await assert.rejects(first!.allReduce({ from: buffer, to: buffer, type: 'float32' }), { code: 'closed' })
    const [a, b] = [first!.allocate(4), second!.allocate(4)]
    await Promise.all([first!.allReduce({ from: a, to: a, type: 'int32' }), second!.allReduce({ from: b, to: b, type: 'int32' })])
  }),
)

async function assertUseless(rank: Communicator): Promise<void> {
  await assert.rejects(rank.allReduce({ from: rank.allocate(4), to: rank.allocate(4), type: 'float32' }), {
    kind: 'transient',
    code: 'collective-broken',
  })
}

const faults = [
  { control: 'fail', code: 'collective-broken' },
  { control: 'async', code: 'collective-broken' },
  { control: 'hang', code: 'collective-timeout' },
]
for (const { control, code } of faults) {
  test(`a call told to ${control} ends both ranks within the deadline, and their communicators are aborted`, limit, async () => {
    const ranks = await connectWorld(2, 500)
    mock.control(`${control} ncclAllReduce 1`)
    const before = mock.calls().length
    const results = await Promise.allSettled(ranks.map((rank) => rank.allReduce({ from: rank.allocate(4), to: rank.allocate(4), type: 'float32' })))
    mock.control()
    for (const result of results) assert.equal(result.status === 'rejected' && result.reason.kind, 'transient')
    if (control !== 'hang') assert.equal(results[1]?.status === 'rejected' && results[1].reason.code, code)
    for (const rank of ranks) await assertUseless(rank)
    const aborts = mock
      .calls()
      .slice(before)
      .filter((call) => call.startsWith('ncclCommAbort'))
    assert.deepEqual(aborts.sort(), ['ncclCommAbort 0', 'ncclCommAbort 1'])
    await Promise.all(ranks.map((rank) => rank.close()))
  })

  test(`connecting told to ${control} is an error of that rank, and of the others by their deadline`, limit, async () => {
    mock.control(`${control} ncclCommInitRankConfig 1`)
    const uniqueId = createUniqueId()
    const results = await Promise.allSettled([0, 1, 2].map((rank) => connectNccl({ uniqueId, rank, world: 3, timeoutMs: 400 })))
    mock.control()
    for (const result of results)
      assert.match(result.status === 'rejected' ? result.reason.code : 'none', /^(collective-(broken|timeout)|nccl-error)$/)
  })
}

test('a call that waits ends when its communicator aborts', limit, async () => {
  const ranks = await connectWorld(2, 20_000)
  const buffer = ranks[0]!.allocate(4)
  const waiting = ranks[0]!.allReduce({ from: buffer, to: buffer, type: 'float32' })
  setTimeout(() => ranks[0]!.abort(), 50)
  await assert.rejects(waiting, { kind: 'transient', code: 'collective-broken' })
  ranks[1]!.abort()
})

test('ranks that disagree about the count are told', limit, async () => {
  const ranks = await connectWorld(2, 5_000)
  const results = await Promise.allSettled(
    ranks.map((rank, r) => rank.allReduce({ from: rank.allocate(8), to: rank.allocate(8), type: 'float32', count: r + 1 })),
  )
  assert.ok(results.some((result) => result.status === 'rejected' && /disagree|closed its connection|gone/.test(result.reason.message)))
  for (const rank of ranks) rank.abort()
})

test('calls after close are refused; closing twice and a close that nobody joins end', limit, async () => {
  const ranks = await connectWorld(2, 300)
  await ranks[0]!.close()
  await ranks[0]!.close()
  await assert.rejects(ranks[0]!.allReduce({ from: ranks[0]!.allocate(4), to: ranks[0]!.allocate(4), type: 'float32' }), { code: 'closed' })
  ranks[1]!.abort()
})

test('addresses of another library, or of none, are refused', limit, async () => {
  const ranks = [0, 1].map((rank) => native.createNcclCollective({ gpu: 0, rank, world: 2, timeoutMs: 1_000 }))
  const [first, second] = ranks.map((rank) => rank.prepare()) as [Uint8Array, Uint8Array]
  await assert.rejects(ranks[0]!.connect([first, new Uint8Array(4)]), { kind: 'config', code: 'collective-addresses' })
  const older = Uint8Array.from(second)
  new DataView(older.buffer).setInt32(4, 21805, true)
  await assert.rejects(ranks[0]!.connect([first, older]), { kind: 'config', code: 'nccl-versions' })
  for (const rank of ranks) rank.close()
})

const program = (body: string) => `
  import { connectNccl, createUniqueId, ncclLibrary } from ${JSON.stringify(new URL('./nccl.js', import.meta.url).href)}
  ${body}`

const runScript = (script: string, env: Record<string, string>) => runNode(['--input-type=module', '-e', script], env)

async function runNode(args: string[], env: Record<string, string>): Promise<string> {
  const child = spawn(process.execPath, args, {
    cwd: fileURLToPath(new URL('../../..', import.meta.url)),
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let out = ''
  child.stdout.on('data', (data) => {
    out += data
  })
  const code = await new Promise((resolve) => child.on('close', resolve))
  assert.equal(code, 0)
  return out.trim()
}

test('ranks in processes of their own', limit, async () => {
  const uniqueId = Buffer.from(createUniqueId()).toString('hex')
  const script = program(`
    const rank = Number(process.env.RANK)
    const communicator = await connectNccl({ uniqueId: Buffer.from(process.env.ID, 'hex'), rank, world: 3 })
    const buffer = communicator.allocate(8)
    await buffer.write(Float32Array.of(rank, 10))
    await communicator.allReduce({ from: buffer, to: buffer, type: 'float32' })
    console.log([...(await buffer.read(Float32Array))].join(' '))
    await communicator.close()`)
  assert.deepEqual(await Promise.all([0, 1, 2].map((rank) => runScript(script, { RANK: String(rank), ID: uniqueId }))), ['3 30', '3 30', '3 30'])
})

test('the example averages and hands on', limit, async () => {
  const example = fileURLToPath(new URL('../../examples/nccl.js', import.meta.url))
  const lines = (await runNode([example, '3'], {})).split('\n')
  assert.equal(lines.shift(), `NCCL 23007 from ${mock.env.LOSSMITH_NCCL}`)
  const wanted = [0, 1, 2].map((rank) => `rank ${rank} on emulated on the CPU: average 2 4 6 8, got token ${100 + ((rank + 2) % 3)}`)
  assert.deepEqual(lines.sort(), wanted)
})

test('a library that is too old, and one that is not there, are config errors; a process ends though a call never does', limit, async () => {
  const tell = program(`try { ncclLibrary() } catch (error) { console.log(error.kind, error.code) }`)
  assert.equal(await runScript(tell, { MOCK_NCCL_VERSION: '21304' }), 'config nccl-version')
  assert.equal(await runScript(tell, { LOSSMITH_NCCL: '/nowhere/libnccl.so.2' }), 'config library-missing')
  const leave = program(`
    connectNccl({ uniqueId: createUniqueId(), rank: 0, world: 2, timeoutMs: 100_000 }).catch(() => {})
    setTimeout(() => { console.log('left'); process.exit(0) }, 100)`)
  assert.equal(await runScript(leave, {}), 'left')
})
