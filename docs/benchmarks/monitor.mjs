// What it costs to be watched, measured on a coordinator in a process of its own, with simulated workers (plain gRPC clients, no engine) in another.
// Usage: node docs/benchmarks/monitor.mjs watcher [STEPS/S 20] [PAIRS 10] [SECONDS 5] [WATCHERS 1]   CPU of the coordinator with and without watchers, in turns
//        node docs/benchmarks/monitor.mjs open [STEPS 100000]                           until a watcher has the whole past: live, resumed, from the directory
//        node docs/benchmarks/monitor.mjs memory [REPORTS/S 10000] [SECONDS 300]        resident memory of the coordinator while a watcher is there
import { fork } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseJob, printJob } from '../../dist/common/job/parse-job.js'
import { directoryMonitor } from '../../dist/coordinator/monitor/directory-monitor.js'
import { connectMonitor } from '../../dist/coordinator/monitor/monitor-client.js'
import { testParts } from '../../dist/coordinator/run-fixture.test-support.js'
import { SimulatedWorker } from '../../dist/coordinator/simulated-worker.test-support.js'
import { startCoordinator } from '../../dist/coordinator/start-coordinator.js'

const lanes = 8
const workers = 8
const blockLines = 100_000
const blocks = 5000

/** A run whose coordinator takes cpu and memory of nobody else; `rate`: steps a second. */
async function startRun(directory, rate, resume = false) {
  const coordinator = fork(fileURLToPath(import.meta.url), ['coordinator', directory, String(resume)], { execArgv: ['--initial-heap-size=64'] }) // as scripts/lossmith.ts
  const address = await new Promise((resolve) => coordinator.once('message', resolve))
  const simulated = fork(fileURLToPath(import.meta.url), ['workers', address, String(rate)])
  const monitor = connectMonitor({ address })
  return {
    address,
    monitor,
    pid: coordinator.pid,
    setRate: (stepsPerSecond) => simulated.send(stepsPerSecond),
    cpuMs: () => {
      const answer = new Promise((resolve) => coordinator.once('message', resolve))
      coordinator.send('cpu')
      return answer
    },
    stop: async () => {
      const ended = Promise.all([coordinator, simulated].map((child) => new Promise((resolve) => child.once('exit', resolve))))
      await monitor.stop('measured')
      await ended
      monitor.close()
    },
  }
}

async function serve(directory, resume) {
  const text = `data: { train: pretended.tsv, split: { by: time, validation: 0.1, test: 0.1 } }
train: { batch: ${lanes}, lanes: ${lanes} }
checkpoint: { everySteps: 0 }
cluster: { workers: ${workers}, lostAfterMs: 30000 }
`
  const job = parseJob(text, { file: 'job.yaml' })
  const options = {
    job,
    jobYaml: printJob(job),
    runDirectory: directory,
    resume: resume === 'true',
    mode: 'train',
    listen: '127.0.0.1:0',
    insecure: false,
    tensorboard: true,
  }
  const coordinator = await startCoordinator(options, testParts)
  process.on('message', () => {
    const { user, system } = process.cpuUsage()
    process.send((user + system) / 1000)
  })
  process.send(coordinator.address)
  await coordinator.finished
  await coordinator.close()
  process.disconnect()
}

/** All ranks, each with a connection of its own; none is ever a step ahead of another, as no worker can be. */
async function simulate(address, rate) {
  const pace = new Pace(Number(rate))
  process.on('message', (stepsPerSecond) => {
    pace.rate = stepsPerSecond
  })
  const all = Array.from({ length: workers }, (_, i) => new FastWorker({ address, name: `w${i}` }, pace))
  for (const worker of all) await worker.join()
  await Promise.all(all.map(({ ended }) => ended))
  process.disconnect()
}

class Pace {
  constructor(rate) {
    this.rate = rate
    this.ranks = []
    this.ordered = false
  }

  /** Resolves with the last step once all ranks were told to yield. */
  join(rank, firstStep) {
    this.ranks.push(rank)
    if (this.ranks.length === workers) this.done = this.run(firstStep)
    this.whole ??= new Promise((resolve) => (this.start = resolve))
    if (this.ranks.length === workers) this.start()
    return this.whole.then(() => this.done)
  }

  async run(firstStep) {
    let [due, lastMs] = [firstStep, performance.now()]
    for (let step = firstStep; ; ) {
      const nowMs = performance.now()
      due += ((nowMs - lastMs) / 1000) * this.rate
      lastMs = nowMs
      for (let sent = 0; step <= due && sent < 200; sent++, step++) for (const rank of this.ranks) rank.send(step)
      // What cannot be sent in time is not made up for.
      due = Math.min(due, step + 200)
      if (this.ordered) {
        this.ordered = false
        this.ranks = []
        this.whole = undefined
        return step - 1
      }
      await Promise.all(this.ranks.map(({ drained }) => drained()))
      await sleep(Math.max(1, Math.min(1000 / this.rate, 10)))
    }
  }
}

class FastWorker extends SimulatedWorker {
  constructor(options, pace) {
    super(options)
    this.pace = pace
  }

  async perform(task) {
    if (task.checkFiles) return { files: task.checkFiles.paths.map((path) => ({ path, bytes: 1, digest: Buffer.alloc(32) })) }
    if (!task.indexFile) return super.perform(task)
    const block = (_, i) => ({ file: 0, offset: i * blockLines, bytes: blockLines, firstLine: i * blockLines, lines: blockLines })
    const all = { lines: blocks * blockLines, textBytes: blocks * blockLines, blocks: Array.from({ length: blocks }, block) }
    return { index: { file: 0, gzip: false, ...all } }
  }

  async train({ epoch, firstStep, lanes: own }) {
    const stream = this.client.steps()
    this.streams = [stream]
    let drained
    stream.on('data', (order) => (this.pace.ordered ||= order.yield)).on('error', () => {})
    const lanesAt = (step) =>
      own.map(({ lane }) => {
        const cursor = { piece: Math.floor(step / blockLines), offset: 0, line: step % blockLines, emitted: 0, exhausted: false, pass: 0 }
        return { lane, examples: 1, lossSum: 0.69 + 0.3 / step, cursor, rejected: 0, heldOut: 0 }
      })
    const times = { readMs: 1.5, computeMs: 22, exchangeMs: 3.25, updateMs: 4, totalMs: 31 }
    const send = (step) => {
      const report = {
        member: this.member,
        generation: 1,
        step,
        epoch,
        lossSum: lanes * (0.69 + 0.3 / step),
        examples: lanes,
        lanes: lanesAt(step),
        times,
      }
      if (!stream.write(report))
        drained ??= new Promise((resolve) => stream.once('drain', resolve)).then(() => {
          drained = undefined
        })
    }
    stream.write({ member: this.member })
    const step = await this.pace.join({ send, drained: () => drained }, firstStep)
    stream.end()
    return { reason: 'ORDERED', step, cursors: lanesAt(step).map(({ lane, cursor }) => ({ lane, cursor })), validation: [] }
  }
}

async function measureWatcher(rate = '20', pairs = '10', seconds = '5', watchers = '1') {
  const directory = mkdtempSync(join(tmpdir(), 'lossmith-monitor-'))
  const run = await startRun(join(directory, 'run'), Number(rate))
  await training(run.monitor)
  const differences = []
  const alone = []
  let reached = 0
  let got = 0
  for (let pair = 0; pair < Number(pairs); pair++) {
    const measured = []
    for (const watched of pair % 2 === 0 ? [false, true] : [true, false]) {
      const monitors = Array.from({ length: watched ? Number(watchers) : 0 }, () => connectMonitor({ address: run.address }))
      const watching = monitors.map(watch)
      await sleep(1000)
      const [before, from, step] = [await run.cpuMs(), performance.now(), await stepOf(run.monitor)]
      await sleep(Number(seconds) * 1000)
      const [after, to, last] = [await run.cpuMs(), performance.now(), await stepOf(run.monitor)]
      measured[Number(watched)] = (100 * (after - before)) / (to - from)
      reached += (1000 * (last - step)) / (to - from) / (2 * Number(pairs))
      for (const watcher of watching) {
        await watcher.stop()
        got += watcher.got.steps / Number(pairs) / Number(watchers)
      }
      for (const monitor of monitors) monitor.close()
    }
    alone.push(measured[0])
    differences.push((measured[1] - measured[0]) / Number(watchers))
  }
  await run.stop()
  rmSync(directory, { recursive: true, force: true })
  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length
  const deviation = Math.sqrt(mean(differences.map((value) => (value - mean(differences)) ** 2)) / (differences.length - 1))
  const rateText = `${reached.toFixed(0)} steps/s of ${workers} workers (${rate} asked for)`
  console.log(
    `${rateText}: coordinator ${mean(alone).toFixed(2)} % of a core, a watcher, who got ${got.toFixed(0)} steps each time, ${mean(differences).toFixed(2)} ± ${deviation.toFixed(2)} % more (${watchers} at a time, ${pairs} pairs of ${seconds} s)`,
  )
}

/** As the dashboard looks: Watch, and every two seconds Describe and Progress. */
function watch(monitor) {
  const end = new AbortController()
  const got = { steps: 0 }
  const reading = (async () => {
    for await (const { step } of monitor.watch({ history: 1, signal: end.signal })) if (step) got.steps++
  })()
  const timer = setInterval(() => Promise.all([monitor.describe(), monitor.progress()]).catch(() => {}), 2000)
  return {
    got,
    stop: () => {
      clearInterval(timer)
      end.abort()
      return reading
    },
  }
}

async function measureOpen(steps = '100000') {
  const directory = mkdtempSync(join(tmpdir(), 'lossmith-monitor-'))
  const path = join(directory, 'run')
  const live = await startRun(path, 1500)
  await training(live.monitor, Number(steps))
  live.setRate(20)
  await sleep(3000)
  await report('live', live.monitor)
  await live.stop()
  const resumed = await startRun(path, 20, true)
  await training(resumed.monitor)
  await report('resumed', resumed.monitor)
  await resumed.stop()
  await report('directory', directoryMonitor(path))
  rmSync(directory, { recursive: true, force: true })
}

/** Time until Describe has answered and the history has come: 1,000 steps as asked for by default, then all that is kept. */
async function report(what, monitor) {
  for (const history of [0, 10_000]) {
    const end = new AbortController()
    const start = performance.now()
    const { step } = await monitor.describe()
    const described = performance.now() - start
    let events = 0
    let steps = 0
    for await (const event of monitor.watch({ history, stepsPerSecond: 0.001, signal: end.signal })) {
      events++
      if (event.step) steps++
      if (event.step?.step >= step) break
    }
    end.abort()
    const opened = performance.now() - start
    console.log(`${what}, step ${step}: described in ${described.toFixed(0)} ms, ${events} events (${steps} steps) in ${opened.toFixed(0)} ms`)
  }
}

async function measureMemory(reports = '10000', seconds = '300') {
  const directory = mkdtempSync(join(tmpdir(), 'lossmith-monitor-'))
  const run = await startRun(join(directory, 'run'), Number(reports) / workers)
  await training(run.monitor)
  const watcher = watch(run.monitor)
  const [start, cpu, first] = [performance.now(), await run.cpuMs(), await stepOf(run.monitor)]
  const peaks = []
  while (performance.now() - start < 1000 * Number(seconds)) {
    await sleep(1000)
    peaks.push(Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${run.pid}/status`, 'utf8'))[1]) / 1024)
  }
  const elapsed = (performance.now() - start) / 1000
  const [used, last] = [(await run.cpuMs()) - cpu, await stepOf(run.monitor)]
  const highWater = Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${run.pid}/status`, 'utf8'))[1]) / 1024
  await watcher.stop()
  await run.stop()
  rmSync(directory, { recursive: true, force: true })
  const rate = (((last - first) * workers) / elapsed).toFixed(0)
  const every = Math.max(1, Math.floor(peaks.length / 10))
  console.log(
    `${rate} reports/s over ${elapsed.toFixed(0)} s (${reports} asked for), ${(used / 10 / elapsed).toFixed(0)} % of a core, ${watcher.got.steps} steps to the watcher`,
  )
  console.log(
    `resident: ${peaks
      .filter((_, i) => i % every === 0)
      .map((mb) => mb.toFixed(0))
      .join(' ')} MiB; highest ${highWater.toFixed(0)} MiB`,
  )
}

async function training(monitor, step = 1) {
  for (;;) {
    const run = await monitor.describe()
    if (process.env.DEBUG) console.error(run.phase, run.step, run.error)
    if (run.phase === 'training' && run.step >= step) return
    if (run.phase === 'failed') throw new Error(run.error)
    await sleep(100)
  }
}

const stepOf = async (monitor) => (await monitor.describe()).step

const roles = { coordinator: serve, workers: simulate, watcher: measureWatcher, open: measureOpen, memory: measureMemory }
const [role, ...words] = process.argv.slice(2)
if (!Object.hasOwn(roles, role)) throw new Error('wanted watcher, open or memory')
await roles[role](...words)
