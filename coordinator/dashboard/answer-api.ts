/**
 * What the page asks for as data:
 *
 *   GET  /api/runs                          RunSummary[]
 *   GET  /api/runs/:id/stream               relay-run.ts
 *   POST /api/runs/:id/{pause,resume,checkpoint,stop}   {accepted, reason}
 *   GET  /api/settings                      {readOnly, version}
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Log } from '../../common/log.js'
import { asLossmithError } from '../../common/rpc/status.js'
import { version } from '../../common/version.js'
import type { Monitor } from '../monitor/monitor-client.js'
import { EventStream } from './event-stream.js'
import { relayRun } from './relay-run.js'
import type { RunList } from './run-list.js'
import type { ShownRun } from './shown-run.js'

export interface ApiOptions {
  runs: RunList
  /** Takes no requests: looking only. */
  readOnly: boolean
  /** A page that reads nothing for so long is cut off. Default: 30,000. */
  blockedMs?: number
  /** Hears what pages ask of runs. */
  log?: Pick<Log, 'info'>
}

type Ask = (monitor: Monitor) => Promise<{ accepted: boolean; reason: string }>

const asked = 'asked in the dashboard'
const requests: Record<string, Ask> = {
  pause: (monitor) => monitor.pause(asked),
  resume: (monitor) => monitor.resume(),
  checkpoint: (monitor) => monitor.checkpoint(),
  stop: (monitor) => monitor.stop(asked),
}

export async function answerApi(options: ApiOptions, path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { runs, readOnly, blockedMs = 30_000, log } = options
  const [, id, what] = /^\/api\/runs\/([\w.-]+)\/(\w+)$/.exec(path) ?? []
  const ask = Object.hasOwn(requests, what ?? '') ? requests[what!] : undefined
  if (path !== '/api/settings' && path !== '/api/runs' && what !== 'stream' && ask === undefined)
    return sendJson(response, 404, { error: `wanted something of the interface, got ${path}` })
  const method = ask === undefined ? 'GET' : 'POST'
  if (request.method !== method) return sendJson(response, 405, { error: `wanted ${method}, got ${request.method}` })
  if (path === '/api/settings') return sendJson(response, 200, { readOnly, version })
  if (path === '/api/runs') return sendJson(response, 200, await runs.summaries())
  const run = runs.get(id!)
  if (run === undefined) return sendJson(response, 404, { error: `wanted a run of this dashboard, got "${id}"` })
  if (ask === undefined) return relayRun(run, new EventStream(response, blockedMs))
  if (readOnly) return sendJson(response, 403, { accepted: false, reason: 'this dashboard was started with --read-only' })
  const { accepted, reason } = await answerOf(run, ask)
  const facts = { event: 'request', call: what, run: id, peer: request.socket.remoteAddress, accepted }
  log?.info(`${what} of ${run.label}, asked by a page: ${accepted ? 'accepted' : reason}`, facts)
  sendJson(response, 200, { accepted, reason })
}

async function answerOf(run: ShownRun, ask: Ask): Promise<{ accepted: boolean; reason: string }> {
  try {
    const { monitor } = await run.coordinator()
    return await ask(monitor ?? run.stored()!)
  } catch (error) {
    return { accepted: false, reason: asLossmithError(error).message }
  }
}

export function sendJson(response: ServerResponse, status: number, value: unknown): void {
  const text = JSON.stringify(value)
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' })
  response.end(text)
}
