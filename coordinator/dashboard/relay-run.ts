/**
 * Follows one run for one page: its history, then what happens, over a Watch of its own that ends with the page. Says when the run's
 * coordinator does not answer, tries again until it does, and then begins anew with `reset`.
 *
 *   state    {connected, message}
 *   describe RunDescription: at first, after events that change it, and every two seconds of a living run if it changed
 *   reset    {}: forget everything, history follows
 *   events   RunEvent[]: history in chunks, then batches
 *   progress ProgressReply: at first, and with a description of another step
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
  const relay = new Relay(run, page)
  while (!page.closed.aborted) {
    try {
      await relay.follow()
    } catch (error) {
      if (page.closed.aborted) return
      relay.say(false, asLossmithError(error).message)
      await pause(retryMs, page)
    }
  }
}

class Relay {
  private said = ''
  /** The page shows what a coordinator told: when that is gone it stays, for the directory knows less. */
  private live = false
  /** The directory when it was last asked how the run stands. */
  private looked = ''

  constructor(
    private readonly run: ShownRun,
    private readonly page: EventStream,
  ) {}

  say(connected: boolean, message: string): void {
    const state = JSON.stringify({ connected, message })
    if (state !== this.said) this.page.send('state', state)
    this.said = state
  }

  /** One look at the run from its beginning. Returns when there is something new of a run that had ended. */
  async follow(): Promise<void> {
    const { run, page } = this
    const found = await run.coordinator()
    const live = found.monitor !== undefined
    if (!live && this.live && !(await this.endedAlone())) throw transientError('coordinator-lost', found.reason)
    const monitor = found.monitor ?? run.stored()!
    let seen = run.stamp()
    const first = await monitor.describe()
    this.live = live
    this.say(true, standing(first, live ? '' : found.reason))
    page.send('reset', '{}')
    const facts = new Facts(monitor, page, first, live)
    try {
      await watch(monitor, page, facts)
    } finally {
      facts.stop()
    }
    if (page.closed.aborted) return
    if (live) {
      // It tells the end and goes; what it said last stays.
      facts.show(await monitor.describe().catch(() => facts.atEnd))
      if (!ended(facts.newest))
        throw transientError('coordinator-lost', `[watch] wanted events of ${run.where} until the run ends, got no more of them`)
      seen = run.stamp()
      this.live = false
    }
    this.say(true, standing(facts.newest, live ? '' : found.reason))
    await this.news(facts.newest, seen)
  }

  /** Its directory says that the run has ended, which its coordinator could no longer tell. */
  private async endedAlone(): Promise<boolean> {
    const { run } = this
    const stamp = run.stamp()
    if (stamp === this.looked) return false
    this.looked = stamp
    const description = await run.stored()?.describe()
    return description !== undefined && ended(description)
  }

  /** Waits until a run that ended goes on: its address answers with a run that has not ended, or its directory has grown. */
  private async news(last: RunDescription, seen: string): Promise<void> {
    const { run, page } = this
    const rereadAt = performance.now() + rereadMs
    while (!page.closed.aborted) {
      await pause(retryMs, page)
      const { monitor } = await run.coordinator()
      const now = await monitor?.describe().catch(() => undefined)
      if (now !== undefined && (now.startedUnixMs !== last.startedUnixMs || !ended(now))) return
      if (run.stamp() !== seen && performance.now() > rereadAt) return
    }
  }
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
  newest: RunDescription
  private phase: { phase: string; detail: string }
  private shown = ''
  private timer: NodeJS.Timeout | undefined
  private asking = false
  private progressAt: string

  constructor(
    private readonly monitor: Monitor,
    private readonly page: EventStream,
    first: RunDescription,
    live: boolean,
  ) {
    this.newest = first
    this.phase = { phase: first.phase, detail: first.error }
    this.progressAt = placeOf(first)
    this.show(first)
    void this.askProgress()
    if (live) this.timer = setInterval(() => void this.ask(), describeMs)
  }

  /** As the run's last events say it, when it can no longer be asked. */
  get atEnd(): RunDescription {
    const { phase, detail } = this.phase
    return { ...this.newest, phase, error: phase === 'failed' ? detail : '', live: false }
  }

  show(description: RunDescription): void {
    this.newest = description
    const json = JSON.stringify(description)
    if (json !== this.shown) this.page.send('describe', json)
    this.shown = json
  }

  heard({ phase, members, checkpoint }: RunEvent): void {
    if (phase != null) this.phase = phase
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
    const place = placeOf(description)
    if (place === this.progressAt) return
    this.progressAt = place
    await this.askProgress()
  }

  private async askProgress(): Promise<void> {
    const progress = await this.monitor.progress().catch(() => undefined)
    if (progress !== undefined && !this.page.blocked) this.page.send('progress', JSON.stringify(progress))
  }
}

const placeOf = ({ epoch, step, phase }: RunDescription) => `${epoch} ${step} ${phase}`
const ended = ({ phase }: RunDescription) => phase === 'done' || phase === 'failed'

function standing({ phase, error }: RunDescription, reason: string): string {
  if (phase === 'done') return 'the run is done'
  if (phase === 'failed') return `the run failed: ${error}`
  return reason
}

async function pause(ms: number, page: EventStream): Promise<void> {
  await sleep(ms, undefined, { signal: page.closed }).catch(() => undefined)
}
