// How long N workers wait for the coordinator's answer: each round all send a step's evidence at once over gRPC, and the round ends when all have phi.
// The coordinator's stream and its controller run in a process of their own, the workers' ends in this one.
// Usage: node docs/benchmarks/controller-latency.mjs [WORKERS 8] [ROUNDS 5000] [FLOATS OF PHI 1500]
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { credentials, Server, ServerCredentials } from '@grpc/grpc-js'
import { clientOptions, serverOptions } from '../../dist/common/rpc/channel-options.js'
import { ControllerExchange } from '../../dist/coordinator/controller/controller-exchange.js'
import { ControllerState } from '../../dist/coordinator/controller/controller-state.js'
import { serveWorkerStream } from '../../dist/coordinator/worker-stream.js'
import { contracts } from '../../dist/proto/load.js'

const [workers, rounds, size] = [8, 5000, 1500].map((fallback, i) => Number(process.argv[2 + i] ?? fallback))
const layout = { tangents: 0, entropy: 1, dS: 2, dH: 2 + size, length: 2 + 2 * size }
if (process.send) serve()
else await measure()

function serve() {
  const state = new ControllerState({ layout, rule: { rate: 0.003, clip: 1 }, lanes: workers }, { phi: new Float32Array(size) })
  const exchange = new ControllerExchange({ state, entropyAt: () => 0 }, workers, () => {})
  const control = { failed: new Promise(() => {}), failure: undefined, fail: (error) => process.exit(console.error(error) ?? 1) }
  const memberOf = (name) => ({ rank: Number(name) })
  const server = new Server(serverOptions())
  server.addService(contracts.lossmith.v1.Training.service, {
    Controller(call) {
      const answer = exchange.open((message) => call.write(message))
      const handlers = { report: ({ rank }, report) => exchange.add(rank, report), closed: () => exchange.close(answer) }
      serveWorkerStream({ context: { control }, loss: { lost() {} }, memberOf }, call, handlers)
    },
  })
  server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (_, port) => process.send(port))
}

async function measure() {
  const server = fork(fileURLToPath(import.meta.url), process.argv.slice(2), { execArgv: ['--initial-heap-size=64'] }) // as scripts/lossmith.ts
  const port = await new Promise((resolve) => server.once('message', resolve))
  const evidence = Buffer.from(Float32Array.from({ length: layout.length }, (_, i) => Math.sin(i) + 1.5).buffer)
  const streams = Array.from({ length: workers }, () =>
    new contracts.lossmith.v1.Training(`127.0.0.1:${port}`, credentials.createInsecure(), clientOptions).controller(),
  )
  let answers = 0
  let wake = () => {}
  for (const [i, stream] of streams.entries()) {
    stream.write({ member: String(i) })
    stream.on('data', () => ++answers === workers && wake())
  }
  const times = []
  const warm = 200
  for (let step = 1; step <= rounds + warm; step++) {
    answers = 0
    const done = new Promise((resolve) => (wake = resolve))
    const start = performance.now()
    for (const [i, stream] of streams.entries())
      stream.write({ member: String(i), generation: 1, step, version: step - 1, lanes: [{ lane: i, examples: 64, evidence }] })
    await done
    if (step > warm) times.push(performance.now() - start)
    await new Promise((resolve) => setTimeout(resolve, 2)) // workers compute in between
  }
  times.sort((a, b) => a - b)
  const quantile = (q) => times[Math.floor(q * times.length)].toFixed(2)
  console.log(`${workers} workers, phi of ${size} floats, ${rounds} rounds: p50 ${quantile(0.5)} ms, p99 ${quantile(0.99)} ms`)
  server.kill()
  process.exit(0)
}
