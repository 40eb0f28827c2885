/** What a page hears of a run: history, live, a coordinator that dies and comes back, its end; and pages that go away or do not read. */
import assert from 'node:assert/strict'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { RunDescription } from '../monitor/monitor-client.js'
import { temporaryDirectory } from '../run-fixture.test-support.js'
import { Page, phaseEvent, ScriptedMonitor, showRun, startShown, stepEvent } from './dashboard-fixture.test-support.js'
import { RunList } from './run-list.js'

const timeout = 40_000
const stepsOf = (page: Page) => page.events.flatMap(({ step }) => step?.step ?? [])

test('history in chunks, then live events, descriptions when something changed', { timeout }, async (t) => {
  const monitor = new ScriptedMonitor()
  monitor.history = Array.from({ length: 4500 }, (_, i) => stepEvent(i + 1, i === 0 ? { loss: Number.NaN } : {}))
  const { url } = await showRun(t, monitor)
  const page = new Page(url)
  t.after(() => page.close())
  await page.until(() => stepsOf(page).length === 4500, '4,500 steps')
  assert.deepEqual(
    page.messages.slice(0, 4).map(({ event }) => event),
    ['state', 'reset', 'describe', 'progress'],
  )
  assert.deepEqual(page.state, { connected: true, message: '' })
  assert.ok(page.of<unknown[]>('events').every((batch) => batch.length <= 2000))
  assert.equal(page.events[0]!.step!.loss, null, 'JSON has no NaN')
  monitor.description = { ...monitor.description, step: 4501, generation: 2 }
  monitor.emit(stepEvent(4501))
  monitor.emit(phaseEvent('saving'))
  await page.until(() => page.of<RunDescription>('describe').at(-1)!.generation === 2, 'the new description')
  await page.until(() => page.events.length === 4502, 'the live events')
  assert.deepEqual(
    stepsOf(page),
    Array.from({ length: 4501 }, (_, i) => i + 1),
  )
})

test('a coordinator that dies is told, and everything follows anew when it is back', { timeout }, async (t) => {
  const monitor = new ScriptedMonitor()
  monitor.history = [stepEvent(1), stepEvent(2)]
  const { url } = await showRun(t, monitor)
  const page = new Page(url)
  t.after(() => page.close())
  await page.until(() => stepsOf(page).length === 2, 'two steps')
  monitor.die()
  await page.until(() => page.state?.connected === false, 'that it is gone')
  assert.match(page.state!.message, /UNAVAILABLE/)
  assert.equal(page.of('reset').length, 1, 'what was shown stays')
  monitor.history.push(stepEvent(3))
  monitor.comeBack()
  await page.until(() => page.state?.connected === true, 'that it is back')
  await page.until(() => stepsOf(page).length === 3, 'three steps')
  assert.equal(page.of('reset').length, 2)
  assert.equal(monitor.watching, 1)
})

test('a run that ended stays as it is until its address answers with another one', { timeout }, async (t) => {
  const monitor = new ScriptedMonitor()
  monitor.history = [stepEvent(1)]
  const { url } = await showRun(t, monitor)
  const page = new Page(url)
  t.after(() => page.close())
  await page.until(() => stepsOf(page).length === 1, 'a step')
  monitor.finish('failed', 'too many rejects')
  await page.until(() => page.state?.message === 'the run failed: too many rejects', 'how it ended')
  assert.deepEqual([page.state!.connected, page.of<RunDescription>('describe').at(-1)!.phase], [true, 'failed'])
  monitor.die()
  await sleep(1500)
  assert.equal(page.state!.connected, true, 'a coordinator that is gone after the end is no news')
  monitor.description = { ...monitor.description, phase: 'joining', error: '', startedUnixMs: 77 }
  monitor.history = [phaseEvent('joining')]
  monitor.comeBack()
  await page.until(() => page.of('reset').length === 2 && page.events.length === 1, 'the next run')
  assert.deepEqual(page.state, { connected: true, message: '' })
})

test('a stream that ends without the end of the run is a loss', { timeout }, async (t) => {
  const monitor = new ScriptedMonitor()
  monitor.finish('training')
  const { url } = await showRun(t, monitor)
  const page = new Page(url)
  t.after(() => page.close())
  await page.until(() => monitor.watching === 1, 'a watch')
  monitor.finish('training')
  await page.until(() => page.state?.connected === false, 'that it broke off')
  await page.until(() => page.state?.connected === true, 'that it goes on')
})

test('a page that goes away ends its Watch, one that stays keeps its own; the end of the dashboard ends both', { timeout }, async (t) => {
  const monitor = new ScriptedMonitor()
  const dashboard = await showRun(t, monitor)
  const [one, two] = [new Page(dashboard.url), new Page(dashboard.url)]
  await one.until(() => monitor.watching === 2, 'two watches')
  one.close()
  await two.until(() => monitor.watching === 1, 'one watch')
  monitor.emit(stepEvent(1))
  await two.until(() => two.events.length === 1, 'a step')
  two.close()
  const three = new Page(dashboard.url)
  await three.until(() => three.state !== undefined && monitor.watching === 1, 'a watch')
  await dashboard.close()
  for (let waited = 0; monitor.watching > 0; waited += 10, await sleep(10)) assert.ok(waited < 5000, 'every watch ends')
})

test('of a page that does not read little is kept, and then it is cut off', { timeout }, async (t) => {
  const monitor = new ScriptedMonitor()
  const text = 'x'.repeat(10_000)
  const event = { unixMs: 1, kind: 'log', log: { level: 'info', message: text } } as never
  monitor.history = Array.from({ length: 20_000 }, () => event)
  const { url } = await showRun(t, monitor, { blockedMs: 1000 })
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  t.after(() => socket.destroy())
  socket.write(`GET /api/runs/run/stream HTTP/1.1\r\nhost: ${hostname}\r\n\r\n`)
  socket.pause()
  for (let waited = 0; monitor.watching === 0; waited += 10, await sleep(10)) assert.ok(waited < 10_000, 'it watches')
  for (let waited = 0; monitor.watching > 0; waited += 10, await sleep(10)) assert.ok(waited < 20_000, 'it is cut off')
  // 200 MB would be all; what the kernel's buffers of both ends take is some.
  assert.ok(monitor.taken < 5000, `${monitor.taken} events were taken`)
})

test('a run directory: through its coordinator while that answers, else as it lies there, again when it has grown', { timeout }, async (t) => {
  const directory = join(temporaryDirectory(t), 'run')
  mkdirSync(directory)
  writeFileSync(join(directory, 'job.yaml'), '')
  const [live, stored] = [new ScriptedMonitor(), new ScriptedMonitor()]
  live.description = { ...live.description, directory }
  live.history = [stepEvent(1), stepEvent(2), stepEvent(3)]
  stored.description = { ...stored.description, directory, phase: 'training' }
  // A directory's Watch ends after its history.
  let kept = [stepEvent(1)]
  stored.watch = async function* () {
    yield* kept
  }
  const addresses: string[] = []
  const runs = new RunList(
    { coordinators: [], directories: [directory], default: '' },
    {
      connect: (address) => {
        addresses.push(address)
        return live
      },
      open: () => stored,
    },
  )
  const { url } = await startShown(t, { runs })
  const page = new Page(url)
  t.after(() => page.close())
  await page.until(() => stepsOf(page).length === 1, 'the step of the directory')
  assert.deepEqual(page.state, { connected: true, message: 'no coordinator works on this run' })
  kept = [stepEvent(1), stepEvent(2)]
  writeFileSync(join(directory, 'metrics.jsonl'), 'two lines')
  await page.until(() => stepsOf(page).length === 2, 'what it got')

  writeFileSync(join(directory, 'coordinator.json'), '{"address":"127.0.0.1:7"}')
  await page.until(() => stepsOf(page).length === 3, 'the steps of the coordinator')
  assert.deepEqual([page.state, addresses], [{ connected: true, message: '' }, ['127.0.0.1:7']])
  live.die()
  await page.until(() => page.state?.connected === false, 'that it is gone')
  await sleep(1500)
  assert.deepEqual([stepsOf(page).length, page.state!.connected], [3, false], 'what it told stays')
  const late = new Page(url)
  t.after(() => late.close())
  await late.until(() => stepsOf(late).length === 2, 'a page that is loaded now shows the directory')
  assert.match(late.state!.message, /UNAVAILABLE/)
  live.comeBack()
  await page.until(() => page.state?.connected === true, 'that it is back')
  rmSync(join(directory, 'coordinator.json'))
  live.finish('done')
  await page.until(() => page.state?.message === 'the run is done', 'its end')
  assert.equal(stepsOf(page).length, 3)
})

test('another run that has got the address of a dead coordinator is not taken for it', { timeout }, async (t) => {
  const directory = temporaryDirectory(t)
  writeFileSync(join(directory, 'job.yaml'), '')
  writeFileSync(join(directory, 'coordinator.json'), '{"address":"127.0.0.1:7"}')
  const other = new ScriptedMonitor()
  const stored = new ScriptedMonitor()
  stored.finish('done')
  const runs = new RunList({ coordinators: [], directories: [directory], default: '' }, { connect: () => other, open: () => stored })
  t.after(() => runs.close())
  const [summary] = await runs.summaries()
  assert.deepEqual([summary!.live, summary!.phase], [false, 'done'])
})

test('a run that fails while its coordinator cannot be heard: its directory tells', { timeout }, async (t) => {
  const directory = join(temporaryDirectory(t), 'run')
  mkdirSync(directory)
  writeFileSync(join(directory, 'job.yaml'), '')
  writeFileSync(join(directory, 'coordinator.json'), '{"address":"127.0.0.1:7"}')
  const [live, stored] = [new ScriptedMonitor(), new ScriptedMonitor()]
  for (const monitor of [live, stored]) monitor.description = { ...monitor.description, directory }
  stored.watch = async function* () {
    yield stepEvent(1)
  }
  const runs = new RunList({ coordinators: [], directories: [directory], default: '' }, { connect: () => live, open: () => stored })
  const page = new Page((await startShown(t, { runs })).url)
  t.after(() => page.close())
  await page.until(() => page.state?.connected === true, 'the coordinator')
  live.die()
  await page.until(() => page.state?.connected === false, 'that it is gone')
  stored.description = { ...stored.description, phase: 'failed', error: 'worker b was lost' }
  writeFileSync(join(directory, 'events.jsonl'), 'the phase')
  await page.until(() => page.state?.connected === true, 'how it ended')
  assert.equal(page.state!.message, 'the run failed: worker b was lost')
  assert.equal(stepsOf(page).length, 1)
})
