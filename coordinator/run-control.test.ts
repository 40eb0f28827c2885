/** Runs that are paused, resumed and have lanes moved, by simulated workers: they end with the files of a run that nobody touched. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { Job } from '../common/job/job.js'
import { estimateMemory, totalOf } from './estimate-memory.js'
import { connectMonitor, type Monitor } from './monitor/monitor-client.js'
import type { RunEvent } from './monitor/run-events.js'
import { joinWorkers, startRun, temporaryDirectory, testJob, testPlan, wholeRun } from './run-fixture.test-support.js'
import type { SimulatedOptions, SimulatedWorker } from './simulated-worker.test-support.js'
import type { Coordinator } from './start-coordinator.js'

const timeout = 60_000
const search = 'loss={search: [bce, focal, kl], controller: {warmupSteps: 3, hidden: [4]}}'
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** A run that goes on, with what was seen of it. */
interface Controlled {
  coordinator: Coordinator
  monitor: Monitor
  events: RunEvent[]
  workers: Promise<SimulatedWorker[]>
  /** The n-th time that it enters a phase. */
  phase(name: string, nth?: number): Promise<void>
}

async function control(t: TestContext, job: Job, run: string, workers: (of: Controlled, i: number) => Partial<SimulatedOptions> = () => ({})) {
  const events: RunEvent[] = []
  const coordinator = await startRun(t, job, run, { onEvent: (event) => events.push(event) })
  const monitor = connectMonitor({ address: coordinator.address })
  t.after(() => monitor.close())
  const phase = async (name: string, nth = 1) => {
    while (events.filter(({ phase }) => phase?.phase === name).length < nth) {
      assert.ok(!events.some(({ phase }) => phase?.phase === 'failed' || phase?.phase === 'done'), `${name} before the end`)
      await sleep(5)
    }
  }
  const controlled: Controlled = { coordinator, monitor, events, phase, workers: Promise.resolve([]) }
  controlled.workers = joinWorkers(t, coordinator, job, (i) => workers(controlled, i))
  await controlled.workers
  return controlled
}

/** `then` once, by the first worker, before `step`. */
const before = (step: number, then: () => Promise<unknown>) => {
  let done = false
  return async (now: number) => {
    if (done || now < step) return
    done = true
    await then()
  }
}

/** Every file that the reference wrote; a pause leaves checkpoints that it does not have. */
function sameRun(run: string, reference: string): void {
  const checkpoints = readdirSync(join(reference, 'checkpoints')).flatMap((name) =>
    readdirSync(join(reference, 'checkpoints', name)).map((file) => join('checkpoints', name, file)),
  )
  assert.ok(checkpoints.length >= 4)
  for (const file of ['metrics.jsonl', 'rejects.tsv', 'model.onnx', 'data.json', ...checkpoints])
    assert.ok(readFileSync(join(run, file)).equals(readFileSync(join(reference, file))), `${file} of ${run}`)
}

const accepted = async (reply: Promise<{ accepted: boolean; reason: string }>) => assert.deepEqual(await reply, { accepted: true, reason: '' })
const refused = async (reply: Promise<{ accepted: boolean; reason: string }>, reason: RegExp) => {
  const got = await reply
  assert.equal(got.accepted, false)
  assert.match(got.reason, reason)
}
const newest = (run: string) => readdirSync(join(run, 'checkpoints')).sort().at(-1)

test('paused at any moment and resumed, a run ends with the same files', { timeout }, async (t) => {
  const directory = temporaryDirectory(t)
  const job = testJob(directory)
  const reference = join(directory, 'reference')
  await wholeRun(t, job, reference)
  type Moment = (ask: () => Promise<unknown>) => Partial<SimulatedOptions>
  const evaluation = (nth: number): Moment => {
    let seen = 0
    return (ask) => ({ onTask: async ({ evaluate }) => void (evaluate && ++seen === nth && (await ask())) })
  }
  const moments: Record<string, Moment> = {
    'before training': (ask) => ({ onTask: async ({ checkFiles }) => void (checkFiles && (await ask())) }),
    'in an epoch': (ask) => ({ onStep: before(3, ask) }),
    'in the second epoch': (ask) => ({ onStep: before(18, ask) }),
    'while a checkpoint is written': (ask) => ({
      onTask: async ({ saveState }) => void (saveState?.checkpoint === 'step-00000010' && (await ask())),
    }),
    'in an evaluation between epochs': evaluation(1),
    'in the evaluation of the last epoch': evaluation(2),
  }
  for (const [name, moment] of Object.entries(moments)) {
    const run = join(directory, name)
    const { monitor, phase, events, coordinator } = await control(t, job, run, ({ monitor }, i) =>
      i === 0 ? moment(() => accepted(monitor.pause('lunch'))) : {},
    )
    await phase('paused')
    const { step, phase: now } = await monitor.describe()
    assert.equal(now, 'paused')
    // A wait that is long against a step: nothing moves, workers stay members, and where it stands is a checkpoint.
    await sleep(300)
    assert.equal((await monitor.describe()).step, step, name)
    assert.equal(newest(run), step === 0 ? undefined : `step-${String(step).padStart(8, '0')}`, name)
    assert.equal(events.findLast(({ phase }) => phase)!.phase!.detail, 'lunch')
    await refused(monitor.pause(), /^wanted a run that is not paused, got one that is: lunch$/)
    await accepted(monitor.resume())
    assert.equal((await coordinator.finished).status, 'done')
    sameRun(run, reference)
  }
})

test('a pause that is taken back before the ranks have stopped', { timeout }, async (t) => {
  const directory = temporaryDirectory(t)
  const job = testJob(directory)
  const [reference, run] = [join(directory, 'reference'), join(directory, 'run')]
  await wholeRun(t, job, reference)
  const { coordinator, events } = await control(t, job, run, ({ monitor }, i) => ({
    onStep: before(3, async () => {
      if (i !== 0) return
      await accepted(monitor.pause())
      await accepted(monitor.resume())
    }),
  }))
  await coordinator.finished
  assert.ok(!events.some(({ phase }) => phase?.phase === 'paused'))
  sameRun(run, reference)
})

for (const [name, set] of [
  ['one loss', []],
  ['losses that are searched', [search]],
] as const)
  test(`lanes move between three workers, while it trains and while it is paused: ${name}`, { timeout }, async (t) => {
    const directory = temporaryDirectory(t)
    const job = testJob(directory, ['cluster.workers=3', 'train.lanes=8', ...set])
    const [reference, run] = [join(directory, 'reference'), join(directory, 'run')]
    await wholeRun(t, job, reference)
    const owned: string[] = []
    const { monitor, phase, coordinator, events } = await control(t, job, run, ({ monitor }, i) => {
      const move = before(3, async () => {
        // Two moves at once are one generation.
        await accepted(monitor.moveLanes('w0', 'w2', 1))
        await accepted(monitor.moveLanes('w1', 'w2', 2))
      })
      const pause = before(12, () => accepted(monitor.pause('before lunch')))
      return {
        onTask: ({ generation, prepare }, { name }) =>
          void (prepare && owned.push(`${generation} ${name} ${prepare.firstLane}+${prepare.laneCount}`)),
        onStep: async (step) => {
          if (i === 0) await move(step)
          if (i === 0) await pause(step)
        },
      }
    })
    await phase('paused')
    await accepted(monitor.moveLanes('w2', 'w0', 4))
    await phase('paused', 2)
    const { generation, members } = await monitor.describe()
    assert.deepEqual(
      [generation, members.map(({ firstLane, laneCount }) => [firstLane, laneCount])],
      [
        3,
        [
          [0, 6],
          [6, 1],
          [7, 1],
        ],
      ],
    )
    await accepted(monitor.resume())
    await coordinator.finished
    sameRun(run, reference)
    const dealt = (lanes: string[], generation: number) => lanes.map((of, rank) => `${generation} w${rank} ${of}`)
    assert.deepEqual(owned.sort(), [...dealt(['0+3', '3+3', '6+2'], 1), ...dealt(['0+2', '2+1', '3+5'], 2), ...dealt(['0+6', '6+1', '7+1'], 3)])
    assert.deepEqual(
      events.flatMap(({ members }) => (members ? [[members.generation, ...members.members.map(({ laneCount }) => laneCount)]] : [])),
      [
        [1, 3, 3, 2],
        [2, 2, 1, 5],
        [3, 6, 1, 1],
      ],
    )
  })

test('lanes move before the first step, from the seed; the checkpoint goes on with another number of workers', { timeout }, async (t) => {
  const directory = temporaryDirectory(t)
  const job = testJob(directory, [search])
  const [reference, run] = [join(directory, 'reference'), join(directory, 'run')]
  await wholeRun(t, job, reference)
  const { monitor, phase, coordinator } = await control(t, job, run, ({ monitor }, i) => ({
    onTask: async ({ indexFile }) => void (indexFile && i === 0 && (await monitor.pause())),
    onStep: before(7, async () => (i === 0 ? monitor.stop('enough') : undefined)),
  }))
  await phase('paused')
  await accepted(monitor.moveLanes('w1', 'w0', 1))
  await phase('paused', 2)
  await accepted(monitor.resume())
  const { status, step } = await coordinator.finished
  assert.equal(status, 'stopped')
  assert.ok(step >= 7)
  await coordinator.close()
  await wholeRun(t, { ...job, cluster: { ...job.cluster, workers: 4 } }, run, { resume: true })
  sameRun(run, reference)
})

test('what cannot be done is refused with what was wanted and what was got', { timeout }, async (t) => {
  const directory = temporaryDirectory(t)
  const job = testJob(directory)
  const { monitor, phase, coordinator } = await control(t, job, join(directory, 'run'), ({ monitor }, i) => ({
    request: { memoryBytes: 2 ** 30 },
    onTask: async ({ checkFiles, evaluate }) => {
      if (i !== 0) return
      if (checkFiles) await refused(monitor.moveLanes('w0', 'w1', 1), /^wanted a run whose workers are prepared, got one in phase checking$/)
      if (checkFiles) await refused(monitor.resume(), /^wanted a run that is paused, got one in phase checking$/)
      if (checkFiles) await refused(monitor.checkpoint(), /^wanted a run that trains, got one in phase checking$/)
      if (evaluate?.pieces?.[0]?.split !== 'test') return
      const late = /^wanted a run that goes on training, got one in phase evaluating$/
      await refused(monitor.pause(), late)
      await refused(monitor.moveLanes('w0', 'w1', 1), late)
    },
    onStep: before(3, async () => (i === 0 ? monitor.pause() : undefined)),
  }))
  await phase('paused')
  await accepted(monitor.checkpoint())
  const move = (from: string, to: string, count: number, reason: RegExp) => refused(monitor.moveLanes(from, to, count), reason)
  await move('w7', 'w1', 1, /^\[move\] wanted one of the workers w0, w1, got "w7"$/)
  await move('w0', '', 1, /^\[move\] wanted one of the workers w0, w1, got ""$/)
  await move('w0', 'w0', 1, /^\[move\] wanted two workers, got w0 twice$/)
  await move('w0', 'w1', 0, /^\[move\] wanted to move at least 1 lane, got 0$/)
  await move('w0', 'w1', -1, /^\[move\] wanted to move at least 1 lane, got -1$/)
  await move('w0', 'w1', 2, /^\[move\] wanted to move at most 1 of the 2 lanes of w0, which keeps one, got 2$/)
  await accepted(monitor.moveLanes('w0', 'w1', 1))
  await phase('paused', 2)
  await move('w0', 'w1', 1, /^\[move\] wanted to move none of the 1 lanes of w0, which keeps one, got 1$/)
  assert.equal((await monitor.describe()).generation, 2)
  await accepted(monitor.resume())
  await coordinator.finished
  await refused(monitor.pause(), /got one in phase done$/)
  await refused(monitor.checkpoint(), /got one in phase done$/)
  await refused(monitor.stop(), /got one in phase done$/)
})

test('a reason is one line of bounded length: it stands in the history and on terminals', { timeout }, async (t) => {
  const directory = temporaryDirectory(t)
  const reason = `tea\u001b[2J\r\nforged ${'x'.repeat(1000)}`
  const { events, phase, coordinator } = await control(t, testJob(directory), join(directory, 'run'), ({ monitor }, i) => ({
    onStep: before(3, async () => (i === 0 ? monitor.pause(reason) : undefined)),
  }))
  await phase('paused')
  const { detail } = events.findLast(({ phase }) => phase)!.phase!
  assert.match(detail, /^tea \[2J forged x{400,} …$/)
  assert.ok(detail.length < 600)
  coordinator.stop('enough')
  await coordinator.finished
})

test('lanes that do not fit into the memory of their new worker stay where they are', { timeout }, async (t) => {
  const directory = temporaryDirectory(t)
  const job = testJob(directory)
  const { batch, lanes } = job.train
  const share = { device: 'cpu', lanes, laneCount: 2, laneBatch: batch / lanes, threads: 1, world: 2, shuffleRows: job.data.shuffleRows } as const
  const memoryBytes = totalOf(estimateMemory(testPlan, share).host)
  const { monitor, phase, coordinator } = await control(t, job, join(directory, 'run'), ({ monitor }, i) => ({
    host: `host-${i}`,
    request: { memoryBytes },
    onStep: before(3, async () => (i === 0 ? monitor.pause() : undefined)),
  }))
  await phase('paused')
  await refused(monitor.moveLanes('w0', 'w1', 1), /^\[memory\] w1 on host-1: .* GiB \(.*free are .* GiB; /)
  const { generation, members } = await monitor.describe()
  assert.deepEqual([generation, members.map(({ laneCount }) => laneCount)], [1, [2, 2]])
  await accepted(monitor.resume())
  assert.equal((await coordinator.finished).status, 'done')
})

test('a worker that dies while the run is paused is named; the checkpoint is there', { timeout }, async (t) => {
  const directory = temporaryDirectory(t)
  const { coordinator, phase, workers } = await control(t, testJob(directory), join(directory, 'run'), ({ monitor }, i) => ({
    onStep: before(3, async () => (i === 0 ? monitor.pause() : undefined)),
  }))
  await phase('paused')
  ;(await workers)[1]!.kill()
  await assert.rejects(coordinator.finished, {
    kind: 'transient',
    code: 'worker-lost',
    message: /^worker w1 \(sim:101, rank 1\) was lost: .*; the last checkpoint is step-\d+$/,
  })
})

for (const [name, when] of [
  ['while the run is paused', 'paused'],
  ['while lanes move', 'moving'],
] as const)
  test(`a stop ${name} ends it; resumed, it ends with the same files`, { timeout }, async (t) => {
    const directory = temporaryDirectory(t)
    const job = testJob(directory)
    const [reference, run] = [join(directory, 'reference'), join(directory, 'run')]
    await wholeRun(t, job, reference)
    const { coordinator, monitor, phase } = await control(t, job, run, ({ monitor, coordinator }, i) => ({
      onStep: before(3, async () => (i === 0 ? monitor.pause() : undefined)),
      onTask: async ({ prepare, generation }) => void (prepare && generation === 2 && i === 1 && coordinator.stop('enough')),
    }))
    await phase('paused')
    if (when === 'paused') coordinator.stop('enough')
    else await accepted(monitor.moveLanes('w0', 'w1', 1))
    const { status, checkpoint } = await coordinator.finished
    assert.equal(status, 'stopped')
    assert.equal(checkpoint, join(run, 'checkpoints', newest(run)!))
    await coordinator.close()
    await wholeRun(t, { ...job, cluster: { ...job.cluster, workers: 3 } }, run, { resume: true })
    sameRun(run, reference)
  })
