/**
 * The dashboard's process: an HTTP server with the page and, for it, the runs as JSON and server-sent events. Of a run it sees what Monitor
 * tells and nothing else.
 *
 *   GET  /api/runs                          RunSummary[]
 *   GET  /api/runs/:id/stream               relay-run.ts
 *   POST /api/runs/:id/{pause,resume,checkpoint,stop}   {accepted, reason}
 *   GET  /api/settings                      {readOnly, version}
 *   GET  /, /assets/…                       the page
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { configError } from '../../common/errors.js'
import { isLoopback, parseAddress } from '../../common/rpc/credentials.js'
import { asLossmithError } from '../../common/rpc/status.js'
import { version } from '../../common/version.js'
import type { Monitor } from '../monitor/monitor-client.js'
import { EventStream } from './event-stream.js'
import { sendPageFile } from './page-files.js'
import { relayRun } from './relay-run.js'
import type { RunList } from './run-list.js'
import { distrust } from './trusted-request.js'

export interface DashboardOptions {
  runs: RunList
  /** host:port; port 0: any. Beyond loopback wants `insecure`: whoever reaches the port sees the runs. */
  listen: string
  insecure: boolean
  /** Takes no requests: looking only. */
  readOnly: boolean
  /** Folder of the built page. */
  page?: string
  /** A page that reads nothing for so long is cut off. Default: 30,000. */
  blockedMs?: number
}

export interface Dashboard {
  /** Of the page. */
  url: string
  /** Ends at once, with the streams of all pages and the runs' Monitors. */
  close(): Promise<void>
}

const builtPage = fileURLToPath(new URL('../../dashboard/', import.meta.url))

const headers = {
  'content-security-policy':
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
}

/** @throws config `address-invalid`, `insecure-address`, `port-in-use`, `cannot-listen` */
export async function startDashboard({
  runs,
  listen,
  insecure,
  readOnly,
  page = builtPage,
  blockedMs = 30_000,
}: DashboardOptions): Promise<Dashboard> {
  const { host, port } = parseAddress(listen)
  if (!isLoopback(host) && !insecure) {
    throw configError(
      'insecure-address',
      `[dashboard] will not listen on ${listen}, where everybody who reaches the port sees the runs: wanted a loopback address, or --insecure on a private network`,
    )
  }
  const server = createServer((request, response) => {
    answer(request, response).catch((error) => {
      if (response.headersSent) response.destroy()
      else sendJson(response, 500, { error: asLossmithError(error).message })
    })
  })
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
    const problem = distrust(request, host)
    if (problem !== undefined) return sendJson(response, 403, { error: problem })
    // As it was sent: nothing here is decoded, so nothing can come to mean another path.
    const path = request.url!.split('?')[0]!
    if (path.startsWith('/api/')) return answerApi({ runs, readOnly, blockedMs }, path, request, response)
    if (request.method !== 'GET' && request.method !== 'HEAD') return sendJson(response, 405, { error: `wanted GET, got ${request.method}` })
    if (await sendPageFile(page, path, request, response)) return
    const missing = path === '/' ? 'the page is not built: npm run build' : `wanted a file of the page, got ${path}`
    sendJson(response, path === '/' ? 503 : 404, { error: missing })
  }
  const bound = await bind(server, listen)
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${bound}/`,
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeAllConnections()
      runs.close()
      await closed
    },
  }

  async function bind(at: typeof server, address: string): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      at.once('error', (error: NodeJS.ErrnoException) => {
        const busy = error.code === 'EADDRINUSE'
        const got = busy ? 'a port in use by another process' : error.message
        reject(configError(busy ? 'port-in-use' : 'cannot-listen', `[dashboard] wanted to listen on ${address}, got ${got}`))
      })
      at.listen(port, host, resolve)
    })
    return (at.address() as AddressInfo).port
  }
}

const requests: Record<string, (monitor: Monitor) => Promise<{ accepted: boolean; reason: string }>> = {
  pause: (monitor) => monitor.pause(asked),
  resume: (monitor) => monitor.resume(),
  checkpoint: (monitor) => monitor.checkpoint(),
  stop: (monitor) => monitor.stop(asked),
}
const asked = 'asked in the dashboard'

async function answerApi(
  { runs, readOnly, blockedMs }: Pick<Required<DashboardOptions>, 'runs' | 'readOnly' | 'blockedMs'>,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const [, id, what] = /^\/api\/runs\/([\w.-]+)\/(\w+)$/.exec(path) ?? []
  const known = path === '/api/settings' || path === '/api/runs' || what === 'stream' || Object.hasOwn(requests, what ?? '')
  if (!known) return sendJson(response, 404, { error: `wanted something of the interface, got ${path}` })
  const method = what === undefined || what === 'stream' ? 'GET' : 'POST'
  if (request.method !== method) return sendJson(response, 405, { error: `wanted ${method}, got ${request.method}` })
  if (path === '/api/settings') return sendJson(response, 200, { readOnly, version })
  if (path === '/api/runs') return sendJson(response, 200, await runs.summaries())
  const run = runs.get(id!)
  if (run === undefined) return sendJson(response, 404, { error: `wanted a run of this dashboard, got "${id}"` })
  if (what === 'stream') return relayRun(run, new EventStream(response, blockedMs))
  if (readOnly) return sendJson(response, 403, { accepted: false, reason: 'this dashboard was started with --read-only' })
  try {
    const { monitor } = await run.coordinator()
    const { accepted, reason } = await requests[what!]!(monitor ?? run.stored()!)
    sendJson(response, 200, { accepted, reason })
  } catch (error) {
    sendJson(response, 200, { accepted: false, reason: asLossmithError(error).message })
  }
}

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  const text = JSON.stringify(value)
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' })
  response.end(text)
}
