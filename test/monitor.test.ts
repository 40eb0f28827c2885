/**
 * A run of real processes as grpcurl sees it: a client that knows an address and nothing else. It learns the services by reflection, asks the
 * health of the run, describes and watches it, has a checkpoint written and stops it.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, afterEach, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type Client, credentials, loadPackageDefinition, type ServiceClientConstructor } from '@grpc/grpc-js'
import { loadFileDescriptorSetFromBuffer, loadSync, type PackageDefinition } from '@grpc/proto-loader'
import { download, unary } from '../common/rpc/call.js'
import { protoDirectory } from '../proto/load.js'
import { reachedStep, startCluster } from './support/cluster.js'
import { Processes } from './support/processes.js'
import { writeJob, writeLog } from './support/small-job.js'

const limits = { timeoutMs: 10_000, what: 'test' }
const processes = new Processes()
let folder: string
let job: string

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'lossmith-monitor-'))
  job = writeJob(folder, await writeLog(folder, 6007), { train: { epochs: 200, batch: 32 }, checkpoint: { everySteps: 0 } })
})
afterEach(() => processes.allGone())
after(() => rmSync(folder, { recursive: true }))

test('reflection, health, Describe, Watch, Progress, CheckpointNow and Stop while two workers train', async (t) => {
  const run = join(folder, 'run')
  const { address, coordinator, workers } = await startCluster(processes, [job, '--run', run], 2)
  const open = (definition: PackageDefinition, path: string) => {
    const found = path.split('.').reduce((at: unknown, name) => (at as Record<string, unknown>)[name], loadPackageDefinition(definition))
    const client = new (found as ServiceClientConstructor)(address, credentials.createInsecure())
    t.after(() => client.close())
    return client
  }
  const reflection = open(loadSync(reflectionProto), 'grpc.reflection.v1.ServerReflection')
  const listed = await reflect(reflection, { listServices: '*' })
  assert.deepEqual(
    listed.listServicesResponse?.service
      .map(({ name }) => name)
      .filter((name) => name.startsWith('lossmith'))
      .sort(),
    ['lossmith.v1.Monitor', 'lossmith.v1.Training'],
  )
  const described = await reflect(reflection, { fileContainingSymbol: 'lossmith.v1.Monitor' })
  const files = described.fileDescriptorResponse!.fileDescriptorProto
  const options = { keepCase: false, longs: Number, defaults: true } as const
  const reflected = loadFileDescriptorSetFromBuffer(Buffer.concat(files.flatMap(asSetEntry)), options)
  // What the contract's text names, in its order, is what a client without it learns.
  const contract = readFileSync(join(protoDirectory, 'lossmith/v1/monitor.proto'), 'utf8')
  const named = (pattern: RegExp) => [...contract.matchAll(pattern)].map(([, name]) => name!)
  assert.deepEqual(Object.keys(reflected['lossmith.v1.Monitor']!), named(/^ {2}rpc (\w+)/gm))
  for (const name of named(/^message (\w+)/gm)) assert.ok(`lossmith.v1.${name}` in reflected, name)
  const monitor = open(reflected, 'lossmith.v1.Monitor')
  const ask = <Reply>(method: string, request: object = {}) => unary<Reply>((call, done) => monitor[method]!(request, call, done), limits)

  await reachedStep(address, 5)
  const run1 = await ask<{ phase: string; epochs: number; members: { member: string; laneCount: number; pid: number }[] }>('Describe')
  assert.equal(run1.phase, 'training')
  assert.equal(run1.epochs, 200)
  assert.deepEqual(
    run1.members.map(({ member, laneCount, pid }) => [member, laneCount, pid]),
    workers.map(({ pid }, i) => [`worker-${i + 1}`, 4, pid]),
  )
  const steps: { step: number; loss: number; examples: number; ranks: unknown[] }[] = []
  for await (const event of download<{ step: (typeof steps)[number] | null }>(
    (call) => monitor.Watch!({ fromStep: 2, stepsPerSecond: 1000 }, call),
    limits,
  )) {
    if (event.step) steps.push(event.step)
    if (steps.length === 10) break
  }
  assert.ok(
    steps[0]!.step >= 2 &&
      steps.every(({ step, loss, examples, ranks }, i) => loss > 0 && examples > 0 && ranks.length === 2 && step > (steps[i - 1]?.step ?? 0)),
  )

  const progress = await ask<{ epoch: number; files: { rows: number; read: number[] }[]; lanes: { rank: number; rowsDone: number; line: number }[] }>(
    'Progress',
    { cells: 10 },
  )
  assert.deepEqual([progress.files.length, progress.files[0]!.read.length, progress.lanes.length], [1, 10, 8])
  assert.ok(progress.epoch >= 1 && progress.lanes.every(({ rank }, lane) => rank === lane >> 2))

  // The same by the client that the package exports, and the directory beside it.
  const { connectMonitor, directoryMonitor } = (await import(exported)) as typeof import('../coordinator/monitor/index.js')
  const typed = connectMonitor({ address })
  t.after(() => typed.close())
  const [live, stored] = await Promise.all([typed.describe(), directoryMonitor(run).describe()])
  assert.deepEqual([live.directory, live.live, live.startedUnixMs > 0], [run, true, true])
  assert.deepEqual([stored.directory, stored.live, stored.jobYaml], [run, false, live.jobYaml])

  assert.deepEqual(readdirSync(join(run, 'checkpoints')), [])
  assert.deepEqual(await ask('CheckpointNow'), { accepted: true, reason: '' })
  for (let waited = 0; !readdirSync(join(run, 'checkpoints')).some((name) => /^step-\d+$/.test(name)); waited += 20) {
    assert.ok(waited < 10_000, 'a checkpoint that was asked for is written')
    await sleep(20)
  }
  const health = open(loadSync(healthProto, { enums: String }), 'grpc.health.v1.Health')
  const status = await unary<{ status: string }>((call, done) => health.Check!({ service: 'lossmith.v1.Training' }, call, done), limits)
  assert.equal(status.status, 'SERVING')

  const again = await processes.start(['train', '--resume', run, '--workers', '1']).ended
  assert.equal(again.code, 2, again.stderr)
  assert.match(again.stderr, new RegExp(`that of process ${coordinator.pid} on .*\\[run-locked\\]`), 'the run of a living coordinator is not resumed')

  assert.deepEqual(await ask('Stop', { reason: 'enough' }), { accepted: true, reason: '' })
  const { code, stdout, stderr } = await coordinator.ended
  assert.equal(code, 130, stderr)
  const result = JSON.parse(stdout) as { status: string; checkpoint: string; step: number }
  assert.equal(result.status, 'stopped')
  assert.equal(Number(result.checkpoint.slice(-8)), result.step)
  for (const worker of workers) assert.equal((await worker.ended).code, 0)
})

/** A name of this package itself: resolved as for a user, by package.json. */
const exported: string = 'lossmith/monitor'
const packageFile = (name: string, path: string) => join(dirname(fileURLToPath(import.meta.resolve(`${name}/package.json`))), path)
const reflectionProto = packageFile('@grpc/reflection', 'build/proto/grpc/reflection/v1/reflection.proto')
const healthProto = packageFile('grpc-health-check', 'proto/health/v1/health.proto')

interface Reflected {
  listServicesResponse?: { service: { name: string }[] }
  fileDescriptorResponse?: { fileDescriptorProto: Uint8Array[] }
}

function reflect(client: Client & Record<string, unknown>, request: object): Promise<Reflected> {
  return new Promise((resolve, reject) => {
    const open = client.ServerReflectionInfo as (options: object) => import('@grpc/grpc-js').ClientDuplexStream<object, Reflected>
    const call = open.call(client, { deadline: Date.now() + limits.timeoutMs })
    call.on('data', (reply) => {
      resolve(reply)
      call.end()
    })
    call.on('error', reject)
    call.write(request)
  })
}

/** Field 1 of a FileDescriptorSet. */
function asSetEntry(file: Uint8Array): Uint8Array[] {
  const length: number[] = []
  for (let left = file.length; ; left >>>= 7) {
    length.push(left > 127 ? (left & 127) | 128 : left)
    if (left <= 127) return [Uint8Array.from([10, ...length]), file]
  }
}
