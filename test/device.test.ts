/**
 * Whole runs on a GPU, or on its emulation, by the command line: the same bytes for any number of workers, the losses of the CPU, and a run may go
 * from one to the other.
 */
import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, test } from 'node:test'
import { checkpointsOf, sameCheckpoint, sameRecords } from './support/checkpoints.js'
import { useDevice } from './support/device.js'
import { curveOf, nearCurve } from './support/loss-curve.js'
import { Processes } from './support/processes.js'
import { spoilLog, writeJob, writeLog } from './support/small-job.js'

const device = useDevice()
const processes = new Processes()
/** As in golden-losses.test.ts. */
const tolerance = 1e-4
let folder: string
let job: string
let onCpu: string

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'lossmith-device-'))
  job = writeJob(folder, spoilLog(await writeLog(folder, 5003, 'log.tsv')))
  onCpu = await train(job, 'on-cpu', '--device', 'cpu', '--workers', '2')
})
afterEach(() => processes.allGone())
after(() => rmSync(folder, { recursive: true }))

async function command(...words: string[]): Promise<string> {
  const { code, stdout, stderr } = await processes.start(words).ended
  assert.equal(code, 0, stderr)
  return stdout
}

async function train(job: string, name: string, ...more: string[]): Promise<string> {
  const run = join(folder, name)
  await command('train', job, '--run', run, '--threads', '1', '--quiet', ...more)
  return run
}

function sameRun(run: string, reference: string): void {
  assert.deepEqual(checkpointsOf(run), checkpointsOf(reference))
  for (const name of checkpointsOf(reference)) sameCheckpoint(run, reference, name)
  sameRecords(run, reference)
}

test('1, 2 and 3 workers write the same bytes, with the losses of the CPU', { skip: device.skip }, async (t) => {
  t.diagnostic(device.name)
  const alone = await train(job, 'alone', '--device', 'cuda')
  assert.ok(checkpointsOf(alone).length >= 3)
  nearCurve(curveOf(alone), curveOf(onCpu), tolerance)
  for (const workers of ['2', '3']) sameRun(await train(job, `on-${workers}`, '--device', 'cuda', '--workers', workers), alone)
})

test('so does a search for losses: the controller too', { skip: device.skip }, async () => {
  const changes = {
    loss: { search: ['bce', 'focal', 'hinge'], controller: { inputs: ['y', 'p', 'field:C1'], warmupSteps: 3, period: 2, gumbel: true } },
    train: { batch: 96, epochs: 1 },
    data: { split: { by: 'fraction', validation: 0.1, test: 0.1 } },
  }
  const search = writeJob(folder, await writeLog(folder, 3001, 'searched.tsv'), changes, 'search')
  const alone = await train(search, 'search-alone', '--device', 'cuda')
  sameRun(await train(search, 'search-on-2', '--device', 'cuda', '--workers', '2'), alone)
  nearCurve(curveOf(alone), curveOf(await train(search, 'search-on-cpu', '--device', 'cpu')), tolerance)
})

test('a run may go on where it did not begin, and be scored anywhere', { skip: device.skip }, async () => {
  const begun = await train(job, 'begun', '--device', 'cpu', '--set', 'train.maxSteps=30')
  const moved = join(folder, 'moved')
  for (const [from, to] of [
    ['cpu', 'cuda'],
    ['cuda', 'cpu'],
  ] as const) {
    const half = from === 'cpu' ? begun : await train(job, 'begun-on-device', '--device', 'cuda', '--set', 'train.maxSteps=30')
    cpSync(half, `${moved}-${to}`, { recursive: true })
    const kept = join(`${moved}-${to}`, 'job.yaml')
    writeFileSync(kept, readFileSync(kept, 'utf8').replace('maxSteps: 30', 'maxSteps: 45'))
    await command('train', '--resume', `${moved}-${to}`, '--device', to, '--threads', '1', '--quiet')
    const [got, wanted] = [curveOf(`${moved}-${to}`).losses, curveOf(onCpu).losses.slice(0, 45)]
    assert.equal(got.length, 45)
    got.forEach((loss, i) => {
      assert.ok(Math.abs(loss - wanted[i]!) <= tolerance * wanted[i]!, `${to}, step ${i + 1}: ${loss}, wanted ${wanted[i]}`)
    })
  }
  const scored = async (...words: string[]) => JSON.parse(await command('evaluate', onCpu, '--threads', '1', '--json', ...words))
  const [cpu, cuda] = [await scored('--device', 'cpu'), await scored('--device', 'cuda')]
  assert.ok(Math.abs(cpu.logloss - cuda.logloss) < tolerance * cpu.logloss, `${cpu.logloss} on the CPU, ${cuda.logloss} on the device`)
  assert.equal(cpu.examples, cuda.examples)
})

test('products in tf32 and bf16 train too, in their own numbers', { skip: device.skip }, async () => {
  const full = curveOf(await train(job, 'float32', '--device', 'cuda', '--set', 'train.epochs=1'))
  for (const [precision, near] of [
    ['tf32', 1e-2],
    ['bf16', 5e-2],
  ] as const) {
    const run = await train(job, precision, '--device', 'cuda', '--set', `train.precision=${precision}`, '--set', 'train.epochs=1')
    const { losses } = curveOf(run)
    assert.notDeepEqual(losses, full.losses, `${precision} is not float32`)
    losses.forEach((loss, i) => {
      assert.ok(Math.abs(loss - full.losses[i]!) <= near * full.losses[i]!, `${precision}, step ${i + 1}: ${loss}, in float32 ${full.losses[i]}`)
    })
  }
  const scored = JSON.parse(await command('evaluate', join(folder, 'bf16'), '--device', 'cpu', '--json'))
  assert.ok(scored.logloss > 0)
})

test('workers on a CPU and on a GPU do not work together', { skip: device.skip }, async () => {
  const coordinator = processes.start(['coordinator', job, '--run', join(folder, 'mixed'), '--workers', '2', '--listen', '127.0.0.1:0', '--json'])
  const [, address] = await coordinator.says(/"address":"([^"]+)"/)
  const worker = (name: string, ...words: string[]) =>
    processes.start(['worker', '--coordinator', address!, '--name', name, '--threads', '1', ...words])
  const first = worker('first', '--device', 'cuda')
  await coordinator.says(/worker first .*joined/)
  const { code, stderr } = await worker('second', '--device', 'cpu').ended
  assert.equal(code, 3)
  assert.match(stderr, /second: wanted a GPU as first has \(cluster\.device: cpu .*\), got the CPU \[device-mismatch\]/)
  assert.equal((await worker('third', '--device', 'cuda', '--gpu', '97').ended).code, 2)
  worker('fourth')
  await first.ended
  assert.equal((await coordinator.ended).code, 0)
})

test('bench measures a device', { skip: device.skip }, async () => {
  const small = ['--batch', '64', '--lanes', '4', '--rows', '2600', '--steps', '2', '--warm', '1', '--threads', '1', '--workers', '2']
  const result = JSON.parse(await command('bench', '--device', 'cuda', '--json', ...small))
  assert.equal(result.device, `${device.name}, float32`)
  assert.ok(result.examplesPerSecond > 0)
})
