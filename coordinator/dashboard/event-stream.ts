/**
 * Server-sent events to one page, bounded: whoever sends asks `drained` before it makes more, and a page that reads nothing for some
 * time (a laptop that sleeps) is cut off. Its EventSource connects again by itself.
 */
import type { ServerResponse } from 'node:http'

/** Comments that tell both sides, and proxies between them, that the other one is still there. */
const keepAliveMs = 15_000

export class EventStream {
  private readonly gone = new AbortController()
  private blockedTimer: NodeJS.Timeout | undefined
  private readonly keepAlive: NodeJS.Timeout

  constructor(
    private readonly response: ServerResponse,
    private readonly blockedMs: number,
  ) {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' })
    response.flushHeaders()
    response.on('drain', () => this.unblock())
    response.on('close', () => this.end())
    response.on('error', () => this.end())
    this.keepAlive = setInterval(() => this.blocked || this.write(': still here\n\n'), keepAliveMs)
  }

  /** Aborted when the page went away or was cut off. */
  get closed(): AbortSignal {
    return this.gone.signal
  }

  /** Sent bytes wait in this process: make no more of them. */
  get blocked(): boolean {
    return this.blockedTimer !== undefined
  }

  /** `json`: text of one JSON value. */
  send(event: string, json: string): void {
    this.write(`event: ${event}\ndata: ${json}\n\n`)
  }

  /** Resolves when what was sent has left, or the page is gone. */
  async drained(): Promise<void> {
    if (!this.blocked || this.closed.aborted) return
    await new Promise<void>((resolve) => {
      const settle = () => {
        this.response.off('drain', settle)
        this.closed.removeEventListener('abort', settle)
        resolve()
      }
      this.response.on('drain', settle)
      this.closed.addEventListener('abort', settle, { once: true })
    })
  }

  private write(text: string): void {
    if (this.closed.aborted || this.response.write(text)) return
    this.blockedTimer ??= setTimeout(() => this.response.destroy(), this.blockedMs)
  }

  private unblock(): void {
    clearTimeout(this.blockedTimer)
    this.blockedTimer = undefined
  }

  private end(): void {
    clearInterval(this.keepAlive)
    this.unblock()
    this.gone.abort()
  }
}
