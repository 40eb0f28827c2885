/**
 * Follows one run for one page: its history, then what happens, over a Watch of its own that ends with the page. Says when the run's
 * coordinator does not answer, tries again until it does, and then begins anew with `reset`.
 *
 *   state    {connected, message}
 *   describe RunDescription: at first, after events that change it, and every two seconds of a living run if it changed
 *   reset    {}: forget everything, history follows
 *   events   RunEvent[]: history in chunks, then batches
 *   progress ProgressReply: at first, and every two seconds while the run trains
 *
 * Numbers that are not finite are null in all of them, as JSON wants it.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { transientError } from '../../common/errors.js'
import { asLossmithError } from '../../common/rpc/status.js'
import type { Monitor, RunDescription, RunEvent } from '../monitor/monitor-client.js'
import type { EventStream } from './event-stream.js'
import type { ShownRun } from './shown-run.js'

const history = 2000
const batchMs = 200
const batchEvents = 2000
const batchBytes = 1 << 20
const describeMs = 2000
const retryMs = 1000
/** A directory that grows is read again, whole. */
const rereadMs = 5000

/** Resolves when the page is gone. */
export async function relayRun(run: ShownRun, page: EventStream): Promise<void> {
  let said = ''
  const say = (connected: boolean, message: string) => {
    const state = JSON.stringify({ connected, message })
    if (state !== said) page.send('state', state)
    said = state
  }
  while (!page.closed.aborted) {
    try {
      await follow(run, page, say)
    } catch (error) {
      if (page.closed.aborted) return
      const { message } = asLossmithError(error)
      say(false, message)
      await pause(retryMs, page)
    }
  }
}

/** One look at the run from its beginning. Returns when there is something new of a run that had ended. */
async function follow(run: ShownRun, page: EventStream, say: (connected: boolean, message: string) => void): Promise<void> {
  const seen = run.stamp()
  const { monitor, live } = await run.look()
  const first = await monitor.describe()
  say(true, standing(first, live))
  page.send('reset', '{}')
  const facts = new Facts(monitor, page, first, live)
  try {
    await watch(monitor, page, facts)
  } finally {
    facts.stop()
  }
  if (page.closed.aborted) return
  // A coordinator tells the end and goes; what it said last stays.
  const last = await monitor.describe().catch(() => ({ ...facts.newest, phase: facts.phase, live: false }))
  facts.show(last)
  if (live && !ended(last.phase)) throw transientError('watch-ended', `[watch] wanted events of ${run.where} until the run ends, got no more of them`)
  say(true, standing(last, live))
  await news(run, monitor, last, seen, page)
}

async function watch(monitor: Monitor, page: EventStream, facts: Facts): Promise<void> {
  const batch = new Batch(page)
  const timer = setInterval(() => page.blocked || batch.flush(), batchMs)
  try {
    for await (const event of monitor.watch({ history, signal: page.closed })) {
      batch.add(event)
      facts.heard(event)
      if (batch.full) {
        batch.flush()
        await page.drained()
      }
    }
  } finally {
    clearInterval(timer)
    batch.flush()
  }
}

/** Waits until a run that ended goes on: the same coordinator address answers with another run or phase, the directory has grown. */
async function news(run: ShownRun, monitor: Monitor, last: RunDescription, seen: string, page: EventStream): Promise<void> {
  let readAt = performance.now()
  while (!page.closed.aborted) {
    await pause(retryMs, page)
    if (run.kind === 'directory') {
      if (run.stamp() === seen || performance.now() - readAt < rereadMs) continue
      return
    }
    const now = await monitor.describe().catch(() => undefined)
    if (now !== undefined && (now.startedUnixMs !== last.startedUnixMs || !ended(now.phase))) return
    readAt = performance.now()
  }
}

/** Events as JSON, sent together. */
class Batch {
  private events: string[] = []
  private bytes = 0

  constructor(private readonly page: EventStream) {}

  add(event: RunEvent): void {
    const json = JSON.stringify(event)
    this.events.push(json)
    this.bytes += json.length
  }

  get full(): boolean {
    return this.events.length >= batchEvents || this.bytes >= batchBytes
  }

  flush(): void {
    if (this.events.length === 0) return
    this.page.send('events', `[${this.events.join(',')}]`)
    this.events = []
    this.bytes = 0
  }
}

/** The description of the run and how far it has read, asked for again while it lives. */
class Facts {
  /** Of the last phase event, or the last description. */
  phase: string
  newest: RunDescription
  private shown = ''
  private timer: NodeJS.Timeout | undefined
  private asking = false

  constructor(
    private readonly monitor: Monitor,
    private readonly page: EventStream,
    first: RunDescription,
    live: boolean,
  ) {
    this.newest = first
    this.phase = first.phase
    this.show(first)
    void this.askProgress()
    if (live) this.timer = setInterval(() => void this.ask(), describeMs)
  }

  show(description: RunDescription): void {
    this.newest = description
    const json = JSON.stringify(description)
    if (json !== this.shown) this.page.send('describe', json)
    this.shown = json
  }

  heard({ phase, members, checkpoint }: RunEvent): void {
    if (phase != null) this.phase = phase.phase
    if (phase == null && members == null && checkpoint == null) return
    this.timer?.refresh()
    if (this.timer !== undefined) void this.ask()
  }

  stop(): void {
    clearInterval(this.timer)
    this.timer = undefined
  }

  /** A call that fails says nothing here: Watch fails too, and says it. */
  private async ask(): Promise<void> {
    if (this.asking || this.page.blocked) return
    this.asking = true
    const description = await this.monitor.describe().catch(() => undefined)
    this.asking = false
    if (this.timer === undefined || description === undefined) return
    this.show(description)
    if (description.phase === 'training') await this.askProgress()
  }

  private async askProgress(): Promise<void> {
    const progress = await this.monitor.progress().catch(() => undefined)
    if (progress !== undefined && !this.page.blocked) this.page.send('progress', JSON.stringify(progress))
  }
}

const ended = (phase: string) => phase === 'done' || phase === 'failed'

function standing({ phase, error }: RunDescription, live: boolean): string {
  if (phase === 'done') return 'the run is done'
  if (phase === 'failed') return `the run failed: ${error}`
  return live ? '' : 'no coordinator works on this run'
}

async function pause(ms: number, page: EventStream): Promise<void> {
  await sleep(ms, undefined, { signal: page.closed }).catch(() => undefined)
}
