/**
 * NCCL by itself: ranks as processes, one on each GPU, average a vector and hand a token around.
 *
 *   npx esbuild nccl.ts --outfile=nccl.mjs && node nccl.mjs 2          (Node 22.18 and newer runs nccl.ts as it is)
 */
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { connectNccl, createUniqueId, listGpus, ncclLibrary } from 'lossmith/nccl'

/** What each process does. The unique id came from the one that started it; over a network you carry these 128 bytes yourself. */
async function runRank(rank: number, world: number, uniqueId: Uint8Array): Promise<void> {
  const gpus = listGpus()
  const communicator = await connectNccl({ uniqueId, rank, world, gpu: gpus[rank % gpus.length]?.gpu ?? 0, timeoutMs: 20_000 })

  const gradients = communicator.allocate(4 * Float32Array.BYTES_PER_ELEMENT)
  await gradients.write(Float32Array.of(1, 2, 3, 4).map((value) => value * (rank + 1)))
  await communicator.allReduce({ from: gradients, to: gradients, type: 'float32', op: 'average' })

  // A send and the receive that it may have to wait for belong into one group.
  const token = communicator.allocate(Int32Array.BYTES_PER_ELEMENT)
  const arrived = communicator.allocate(Int32Array.BYTES_PER_ELEMENT)
  await token.write(Int32Array.of(100 + rank))
  await communicator.group((calls) => {
    calls.send({ from: token, type: 'int32', peer: (rank + 1) % world })
    calls.receive({ to: arrived, type: 'int32', peer: (rank + world - 1) % world })
  })

  const [average, from] = [await gradients.read(Float32Array), await arrived.read(Int32Array)]
  console.log(`rank ${rank} on ${communicator.device}: average ${average.join(' ')}, got token ${from[0]}`)
  await communicator.close()
}

const id = process.env.NCCL_EXAMPLE_ID
if (id !== undefined) {
  await runRank(Number(process.env.NCCL_EXAMPLE_RANK), Number(process.env.NCCL_EXAMPLE_WORLD), Buffer.from(id, 'hex'))
} else {
  const world = Number(process.argv[2] ?? Math.max(1, listGpus().length))
  const { path, version } = ncclLibrary()
  console.log(`NCCL ${version} from ${path}`)
  const NCCL_EXAMPLE_ID = Buffer.from(createUniqueId()).toString('hex')
  for (let rank = 0; rank < world; rank++) {
    const env = { ...process.env, NCCL_EXAMPLE_ID, NCCL_EXAMPLE_RANK: String(rank), NCCL_EXAMPLE_WORLD: String(world) }
    fork(fileURLToPath(import.meta.url), { env }).on('exit', (code) => {
      process.exitCode ||= code ?? 1
    })
  }
}
