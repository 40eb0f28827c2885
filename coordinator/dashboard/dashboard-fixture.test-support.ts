/** A Monitor that a test writes itself, the dashboard over it, and a page that hears its stream. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { transientError } from '../../common/errors.js'
import type { Monitor, RunDescription, RunEvent } from '../monitor/monitor-client.js'
import { type Dashboard, type DashboardOptions, startDashboard } from './dashboard-server.js'
import { RunList } from './run-list.js'

export const stepEvent = (step: number, more: object = {}): RunEvent =>
  ({ unixMs: step, kind: 'step', step: { step, loss: 1 / step, ranks: [], weights: [], losses: [], ...more } }) as unknown as RunEvent
export const phaseEvent = (phase: string, detail = ''): RunEvent => ({ unixMs: 0, kind: 'phase', phase: { phase, detail } }) as RunEvent

/** A run as a coordinator would tell it: `history`, then what is emitted. */
export class ScriptedMonitor implements Monitor {
  description = { name: 'job', directory: '/run', phase: 'training', error: '', startedUnixMs: 5, step: 0 } as RunDescription
  history: RunEvent[] = []
  /** Requests that came, with their reasons. */
  readonly asked: string[] = []
  answer = { accepted: true, reason: '' }
  /** Watches that go on. */
  watching = 0
  /** Events taken by all Watches. */
  taken = 0
  private readonly waiting = new Set<(event: RunEvent | Error | null) => void>()
  private gone = false

  async describe(): Promise<RunDescription> {
    if (this.gone) throw transientError('rpc-unavailable', '[Describe] UNAVAILABLE: nobody is there')
    return this.description
  }

  async *watch({ signal }: { signal?: AbortSignal } = {}): AsyncGenerator<RunEvent> {
    this.watching++
    const live: (RunEvent | Error | null)[] = []
    let wake = () => {}
    const hear = (event: RunEvent | Error | null) => {
      live.push(event)
      wake()
    }
    this.waiting.add(hear)
    signal?.addEventListener('abort', () => hear(null))
    try {
      for (const event of this.history) {
        if (signal?.aborted) return
        this.taken++
        yield event
      }
      for (;;) {
        while (live.length === 0) await new Promise<void>((resolve) => (wake = resolve))
        const event = live.shift()!
        if (event === null) return
        if (event instanceof Error) throw event
        this.taken++
        yield event
      }
    } finally {
      this.waiting.delete(hear)
      this.watching--
    }
  }

  emit(event: RunEvent): void {
    for (const hear of this.waiting) hear(event)
  }

  /** The run ends in order: Watch too. */
  finish(phase: string, error = ''): void {
    this.description = { ...this.description, phase, error }
    this.emit(phaseEvent(phase, error))
    for (const hear of this.waiting) hear(null)
  }

  die(): void {
    this.gone = true
    for (const hear of this.waiting) hear(transientError('rpc-unavailable', '[Watch] UNAVAILABLE: it died'))
  }

  comeBack(): void {
    this.gone = false
  }

  progress = async () => ({ epoch: 1, files: [], lanes: [] })
  pause = async (reason = '') => this.request(`pause ${reason}`)
  resume = async () => this.request('resume')
  checkpoint = async () => this.request('checkpoint')
  stop = async (reason = '') => this.request(`stop ${reason}`)
  moveLanes = async () => this.request('moveLanes')
  close = () => undefined

  private request(what: string) {
    this.asked.push(what)
    return this.answer
  }
}

/** A dashboard of the run `run` behind `monitor`, and of what else is named. */
export async function showRun(t: TestContext, monitor: Monitor, options: Partial<DashboardOptions> = {}): Promise<Dashboard> {
  const runs = new RunList({ coordinators: ['run'], directories: [], default: '/nowhere' }, { connect: () => monitor, open: () => monitor })
  return startShown(t, { runs, ...options })
}

export async function startShown(t: TestContext, options: Partial<DashboardOptions> & Pick<DashboardOptions, 'runs'>): Promise<Dashboard> {
  const dashboard = await startDashboard({ listen: '127.0.0.1:0', insecure: false, readOnly: false, ...options })
  t.after(() => dashboard.close())
  return dashboard
}

/** The built page in small. */
export function writePage(folder: string): string {
  mkdirSync(join(folder, 'page/assets'), { recursive: true })
  writeFileSync(join(folder, 'page/index.html'), '<!doctype html><title>page</title>')
  writeFileSync(join(folder, 'page/assets/index-Ab_1.js'), 'export {}')
  writeFileSync(join(folder, 'page/assets/.hidden.js'), 'hidden')
  writeFileSync(join(folder, 'secret.json'), '{}')
  return join(folder, 'page')
}

export interface Message {
  event: string
  data: unknown
}

/** A page that hears a stream: messages as they come. */
export class Page {
  readonly messages: Message[] = []
  private readonly gone = new AbortController()
  private failed: unknown

  constructor(url: string, run = 'run') {
    this.read(new URL(`api/runs/${run}/stream`, url)).catch((error) => {
      if (!this.gone.signal.aborted) this.failed = error
    })
  }

  of<Data = Record<string, unknown>>(event: string): Data[] {
    return this.messages.filter((message) => message.event === event).map(({ data }) => data as Data)
  }

  /** All events since the last reset. */
  get events(): RunEvent[] {
    const from = this.messages.findLastIndex(({ event }) => event === 'reset')
    return this.messages.slice(from).flatMap(({ event, data }) => (event === 'events' ? (data as RunEvent[]) : []))
  }

  get state(): { connected: boolean; message: string } | undefined {
    return this.of<{ connected: boolean; message: string }>('state').at(-1)
  }

  async until(holds: () => boolean, what: string, timeoutMs = 20_000): Promise<void> {
    for (const end = performance.now() + timeoutMs; !holds(); await sleep(10)) {
      if (this.failed !== undefined) throw this.failed
      if (performance.now() > end) throw new Error(`wanted ${what}, heard: ${JSON.stringify(this.messages).slice(0, 2000)}`)
    }
  }

  close(): void {
    this.gone.abort()
  }

  private async read(url: URL): Promise<void> {
    const response = await fetch(url, { signal: this.gone.signal })
    if (response.status !== 200 || response.headers.get('content-type') !== 'text/event-stream') throw new Error(`got ${response.status} of ${url}`)
    let text = ''
    const decoder = new TextDecoder()
    for await (const bytes of response.body!) {
      text += decoder.decode(bytes, { stream: true })
      const blocks = text.split('\n\n')
      text = blocks.pop()!
      for (const block of blocks) {
        const match = /^event: (\w+)\ndata: (.*)$/.exec(block)
        if (match !== null) this.messages.push({ event: match[1]!, data: JSON.parse(match[2]!) })
      }
    }
  }
}
