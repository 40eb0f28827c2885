/** GET /metrics over HTTP, or HTTPS with the coordinator's certificate, for Prometheus; nothing else is there. */
import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { Registry } from 'prom-client'
import { configError } from '../../common/errors.js'
import { checkListener, type ListenOptions, parseAddress } from '../../common/rpc/credentials.js'
import { readTlsFiles } from '../../common/rpc/tls-files.js'
import { checkBearer } from '../../common/rpc/token.js'

export interface MetricsServer {
  /** Of /metrics, with the port that was taken. */
  readonly url: string
  close(): Promise<void>
}

/** @throws config `cannot-listen`, `port-in-use`, and what `checkListener` and `readTlsFiles` throw */
export async function startMetricsServer(options: ListenOptions, registry: Registry): Promise<MetricsServer> {
  checkListener(options)
  const { address, tls, token } = options
  const answer = answerWith(registry, token)
  const server = tls === undefined ? createServer(limits, answer) : createTlsServer({ ...limits, ...readTlsFiles(tls) }, answer)
  server.maxConnections = 100
  const { host, port } = parseAddress(address)
  const taken = await listen(server, host, port, address)
  // Nobody waits for this server: a run that is over ends.
  server.unref()
  return {
    url: `${tls === undefined ? 'http' : 'https'}://${host.includes(':') ? `[${host}]` : host}:${taken}/metrics`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

const limits = { headersTimeout: 5_000, requestTimeout: 10_000, keepAliveTimeout: 60_000, maxHeaderSize: 16_384 }

function answerWith(registry: Registry, token: string | undefined): RequestListener {
  return async (request, response) => {
    const say = (status: number, text: string, headers: Record<string, string> = {}) =>
      response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', ...headers }).end(request.method === 'HEAD' ? undefined : text)
    if (token !== undefined && !checkBearer(request.headers.authorization, token))
      return say(401, 'the token of the run is wanted\n', { 'www-authenticate': 'Bearer' })
    if (request.url?.split('?')[0] !== '/metrics') return say(404, 'only /metrics is here\n')
    if (request.method !== 'GET' && request.method !== 'HEAD') return say(405, 'GET or HEAD\n', { allow: 'GET, HEAD' })
    try {
      say(200, await registry.metrics(), { 'content-type': registry.contentType })
    } catch (error) {
      say(500, `${(error as Error).message}\n`)
    }
  }
}

function listen(server: Server, host: string, port: number, address: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const busy = error.code === 'EADDRINUSE'
      const got = busy ? 'a port in use by another process' : error.message
      reject(configError(busy ? 'port-in-use' : 'cannot-listen', `[metrics] wanted to listen on ${address}, got ${got}`))
    })
    server.listen(port, host, () => {
      const bound = server.address()
      resolve(typeof bound === 'object' && bound !== null ? bound.port : port)
    })
  })
}
