/** NCCL itself, where there is a GPU and a libnccl: every call in a world of one, and two processes that share a GPU. Else skipped, aloud. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { loadNative } from './binding.js'
import { createUniqueId, listGpus, ncclLibrary } from './nccl.js'

const limit = { timeout: 120_000, skip: whyNot() }

function whyNot(): string | false {
  if (!loadNative().describeCuda().built) return 'the engine was built without CUDA'
  if (process.env.LOSSMITH_CUDA === 'emulated' || listGpus().length === 0) return 'no GPU'
  try {
    console.log(`NCCL ${ncclLibrary().version} from ${ncclLibrary().path}`)
    return false
  } catch (error) {
    return (error as Error).message
  }
}

/** Makes every call once and prints what came of it. Rank r's numbers are 10 r + 1, 10 r + 2, … */
const script = `
  import { connectNccl } from ${JSON.stringify(new URL('./nccl.js', import.meta.url).href)}
  const [rank, world, id] = [Number(process.env.RANK), Number(process.env.WORLD), Buffer.from(process.env.ID, 'hex')]
  const communicator = await connectNccl({ uniqueId: id, rank, world, timeoutMs: 60_000 })
  const type = 'float32'
  const from = communicator.allocate(16 * world)
  const to = communicator.allocate(16 * world)
  await from.write(Float32Array.from({ length: 4 * world }, (_, i) => 10 * rank + i + 1))
  const results = {}
  const keep = async (name, call, count = 4 * world) => {
    await call
    results[name] = [...(await to.read(Float32Array))].slice(0, count)
  }
  await keep('allReduce', communicator.allReduce({ from, to, type }))
  await keep('average', communicator.allReduce({ from, to, type, op: 'average' }))
  await keep('reduceScatter', communicator.reduceScatter({ from, to, type }), 4)
  await keep('broadcast', communicator.broadcast({ from, to, type, root: world - 1 }))
  await keep('allGather', communicator.allGather({ from: from.part(0, 16), to, type }))
  await keep('allGatherV', communicator.allGatherV({ from, to, type, counts: Array.from({ length: world }, (_, r) => r + 1) }), (world * (world + 1)) / 2)
  await keep('allToAll', communicator.allToAll({ from, to, type }))
  await keep('ring', communicator.group((calls) => {
    calls.send({ from, type, peer: (rank + 1) % world })
    calls.receive({ to, type, peer: (rank + world - 1) % world })
  }))
  if (rank === 0) await keep('reduce', communicator.reduce({ from, to, type, op: 'max', root: 0 }))
  else await communicator.reduce({ from, to, type, op: 'max', root: 0 })
  console.log(JSON.stringify(results))
  await communicator.close()
`

async function runRank(rank: number, world: number, id: string): Promise<Record<string, number[]>> {
  // NCCL takes ranks of another NCCL_HOSTID for other machines: they may share a GPU, and talk over sockets.
  const env = { ...process.env, RANK: String(rank), WORLD: String(world), ID: id, NCCL_HOSTID: `lossmith-test-${rank}` }
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    cwd: fileURLToPath(new URL('../../..', import.meta.url)),
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let out = ''
  child.stdout.on('data', (data) => {
    out += data
  })
  assert.equal(await new Promise((resolve) => child.on('close', resolve)), 0)
  return JSON.parse(out.slice(out.indexOf('{')))
}

function wantedOf(rank: number, world: number): Record<string, number[]> {
  const ranks = Array.from({ length: world }, (_, each) => each)
  const own = (of: number) => Array.from({ length: 4 * world }, (_, i) => 10 * of + i + 1)
  const sums = own(0).map((_, i) => ranks.reduce((sum, of) => sum + own(of)[i]!, 0))
  return {
    allReduce: sums,
    average: sums.map((sum) => sum / world),
    reduceScatter: sums.slice(4 * rank, 4 * rank + 4),
    broadcast: own(world - 1),
    allGather: ranks.flatMap((of) => own(of).slice(0, 4)),
    allGatherV: ranks.flatMap((of) => own(of).slice(0, of + 1)),
    allToAll: ranks.flatMap((of) => own(of).slice(4 * rank, 4 * rank + 4)),
    ring: own((rank + world - 1) % world),
    ...(rank === 0 ? { reduce: own(world - 1) } : {}),
  }
}

for (const world of [1, 2]) {
  test(`every call of ${world === 1 ? 'one rank' : 'two processes on one GPU'}`, limit, async () => {
    const id = Buffer.from(createUniqueId()).toString('hex')
    const results = await Promise.all(Array.from({ length: world }, (_, rank) => runRank(rank, world, id)))
    for (const [rank, result] of results.entries()) assert.deepEqual(result, wantedOf(rank, world))
  })
}
