/**
 * The dashboard's process: an HTTP server with the page and, for it, the runs as JSON and server-sent events. Of a run it sees what Monitor
 * tells and nothing else.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { configError } from '../../common/errors.js'
import { isLoopback, parseAddress } from '../../common/rpc/credentials.js'
import { asLossmithError } from '../../common/rpc/status.js'
import { type ApiOptions, answerApi, sendJson } from './answer-api.js'
import { sendPageFile } from './page-files.js'
import { distrust } from './trusted-request.js'

export interface DashboardOptions extends ApiOptions {
  /** host:port; port 0: any. Beyond loopback wants `insecure`: whoever reaches the port sees the runs. */
  listen: string
  insecure: boolean
  /** Folder of the built page. */
  page?: string
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
export async function startDashboard(options: DashboardOptions): Promise<Dashboard> {
  const { runs, listen, insecure } = options
  const { host } = parseAddress(listen)
  if (!isLoopback(host) && !insecure) {
    throw configError(
      'insecure-address',
      `[dashboard] will not listen on ${listen}, where everybody who reaches the port sees the runs: wanted a loopback address, or --insecure on a private network`,
    )
  }
  const server = createServer((request, response) => {
    answer(options, host, request, response).catch((error) => {
      if (response.headersSent) response.destroy()
      else sendJson(response, 500, { error: asLossmithError(error).message })
    })
  })
  const port = await bind(server, listen)
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${port}/`,
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeAllConnections()
      runs.close()
      await closed
    },
  }
}

async function answer(options: DashboardOptions, host: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
  const problem = distrust(request, host)
  if (problem !== undefined) return sendJson(response, 403, { error: problem })
  // As it was sent: nothing here is decoded, so nothing can come to mean another path.
  const path = request.url!.split('?')[0]!
  if (path.startsWith('/api/')) return answerApi(options, path, request, response)
  if (request.method !== 'GET' && request.method !== 'HEAD') return sendJson(response, 405, { error: `wanted GET, got ${request.method}` })
  if (await sendPageFile(options.page ?? builtPage, path, request, response)) return
  if (path === '/') return sendJson(response, 503, { error: 'the page is not built: npm run build' })
  sendJson(response, 404, { error: `wanted a file of the page, got ${path}` })
}

/** Returns the port. */
async function bind(server: Server, listen: string): Promise<number> {
  const { host, port } = parseAddress(listen)
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const busy = error.code === 'EADDRINUSE'
      const got = busy ? 'a port in use by another process' : error.message
      reject(configError(busy ? 'port-in-use' : 'cannot-listen', `[dashboard] wanted to listen on ${listen}, got ${got}`))
    })
    server.listen(port, host, resolve)
  })
  return (server.address() as AddressInfo).port
}
