/**
 * What a watcher gets: history first, then live events, until the run's end. Steps come in batches of a timer that all watchers share, at most as many
 * a second as asked for, so that a watcher costs the same whatever the pace of the run; everything else comes at once, so steps before it may come up to
 * 200 ms after it, but for a phase: that comes after the newest step. A client that reads slowly gets fewer steps, then none: it never holds up the run.
 */
import type { ServerWritableStream } from '@grpc/grpc-js'
import { transientError } from '../../common/errors.js'
import { toStatus } from '../../common/rpc/status.js'
import type { RunEvent as RunEventMessage } from '../../proto/generated/lossmith/v1/RunEvent.js'
import type { WatchRequest__Output as WatchRequest } from '../../proto/generated/lossmith/v1/WatchRequest.js'
import type { RunEvent, RunEvents } from './run-events.js'
import { thin } from './thinned.js'

const defaultHistory = 1000
const maxHistory = 10_000
const defaultStepsPerSecond = 10
/** Events that may wait for a client, besides its history; and how many before steps among them thin out. */
const maxWaiting = 1000
const manyWaiting = 200
const batchMs = 200
/** Steps between two batches that watchers can choose from. */
const maxPending = 1000

type Call = ServerWritableStream<WatchRequest, RunEventMessage>

interface Step {
  readonly step: number
  readonly event: RunEvent
}

/** All watchers of a run. */
export class Watchers {
  private readonly events: RunEvents
  private readonly watchers = new Set<Watcher>()
  /** Since the last batch. */
  private steps: Step[] = []
  private timer: NodeJS.Timeout | undefined
  private unsubscribe: (() => void) | undefined
  private over = false

  /** `ended` settles when no more events will come. */
  constructor(events: RunEvents, ended: Promise<unknown>) {
    this.events = events
    const finish = () => {
      this.deal(true)
      this.over = true
      for (const watcher of this.watchers) watcher.finish()
    }
    ended.then(finish, finish)
  }

  add(call: Call): void {
    // What is history for this one, the others have behind them too.
    this.deal(false)
    this.unsubscribe ??= this.events.subscribe((event) => this.take(event))
    const { fromStep, history } = call.request
    const past = this.events.history(fromStep, Math.min(history > 0 ? history : defaultHistory, maxHistory))
    const watcher = new Watcher(call, past, () => this.remove(watcher))
    this.watchers.add(watcher)
    watcher.pump()
    if (this.over) watcher.finish()
  }

  private remove(watcher: Watcher) {
    this.watchers.delete(watcher)
    if (this.watchers.size > 0) return
    this.unsubscribe?.()
    this.unsubscribe = undefined
    clearTimeout(this.timer)
    this.timer = undefined
    this.steps = []
  }

  private take(event: RunEvent) {
    if (event.step != null) {
      this.steps.push({ step: event.step.step, event })
      if (this.steps.length > maxPending) this.steps = thin(this.steps, maxPending / 2)
      this.timer ??= setTimeout(() => this.deal(false), batchMs)
      return
    }
    // A phase ends what was before it: the last step of that is shown.
    if (event.phase != null) this.deal(true)
    for (const watcher of this.watchers) watcher.give([event])
  }

  private deal(newest: boolean) {
    clearTimeout(this.timer)
    this.timer = undefined
    const { steps } = this
    this.steps = []
    const nowMs = Date.now()
    for (const watcher of this.watchers) if (watcher.choose(steps, nowMs, newest)) this.timer ??= setTimeout(() => this.deal(false), batchMs)
  }
}

class Watcher {
  private readonly call: Call
  private readonly onEnd: () => void
  private readonly stepsPerSecond: number
  /** Steps that it may be given now; below zero where the newest was given beyond that. */
  private allowance = 1
  private chosenMs = Date.now()
  /** The newest step, when it was not given yet. */
  private kept: Step | undefined
  private queue: RunEvent[]
  private readonly pastLength: number
  private blocked = false
  private finished = false
  private open = true

  constructor(call: Call, past: RunEvent[], onEnd: () => void) {
    this.call = call
    this.queue = past
    this.pastLength = past.length
    this.stepsPerSecond = call.request.stepsPerSecond > 0 ? call.request.stepsPerSecond : defaultStepsPerSecond
    this.onEnd = onEnd
    call.on('drain', () => {
      this.blocked = false
      this.pump()
    })
    call.on('cancelled', () => this.end(() => undefined))
  }

  /** Of the steps since the last batch as many as it may have, the newest among them; `newest`: that one in any case. True: a step is left to be given. */
  choose(steps: readonly Step[], nowMs: number, newest: boolean): boolean {
    const { fromStep } = this.call.request
    const all = [...(this.kept === undefined ? [] : [this.kept]), ...steps.filter(({ step }) => step >= fromStep)]
    this.kept = undefined
    if (all.length === 0) return false
    this.allowance = Math.min(this.allowance + (Math.max(0, nowMs - this.chosenMs) / 1000) * this.stepsPerSecond, Math.max(1, this.stepsPerSecond))
    this.chosenMs = nowMs
    const count = Math.max(Math.floor(this.allowance), newest ? 1 : 0)
    if (count === 0) {
      this.kept = all.at(-1)
      return true
    }
    const chosen = thin(all, count)
    this.allowance -= chosen.length
    this.give(chosen.map(({ event }) => event))
    return false
  }

  give(events: readonly RunEvent[]): void {
    this.queue.push(...events)
    if (this.queue.length > this.pastLength + manyWaiting) this.thinQueue()
    if (this.queue.length > this.pastLength + maxWaiting) this.end(() => this.call.emit('error', toStatus(tooSlow)))
    this.pump()
  }

  /** Ends the stream when all is sent. */
  finish(): void {
    this.finished = true
    this.pump()
  }

  pump(): void {
    let sent = 0
    while (this.open && !this.blocked && sent < this.queue.length) this.blocked = !this.call.write(this.queue[sent++]!)
    this.queue.splice(0, sent)
    if (this.finished && this.queue.length === 0) this.end(() => this.call.end())
  }

  /** The client is behind: half of the waiting steps go. */
  private thinQueue() {
    const steps = this.queue.flatMap((event) => (event.step == null ? [] : [{ step: event.step.step, event }]))
    const stay = new Set(thin(steps, Math.ceil(steps.length / 2)).map(({ event }) => event))
    this.queue = this.queue.filter((event) => event.step == null || stay.has(event))
  }

  private end(how: () => void) {
    if (!this.open) return
    this.open = false
    this.queue = []
    this.onEnd()
    how()
  }
}

const tooSlow = transientError('watch-too-slow', `[watch] ${maxWaiting} events wait for this client: read faster, or watch again`)
