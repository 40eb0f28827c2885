/** The built page (dist/dashboard) over HTTP. Files of assets/ have a hash in their names and never change; the others are asked for again. */
import { readFile, stat } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { extname, join } from 'node:path'

const types: Record<string, string> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
}

/** One name, in assets/ or beside it: nothing here leads out of the folder. */
const served = /^\/(?:assets\/)?[\w-][\w.-]*$/

/** Answers a GET or HEAD; false when there is no such file. */
export async function sendPageFile(folder: string, path: string, request: IncomingMessage, response: ServerResponse): Promise<boolean> {
  const name = path === '/' ? '/index.html' : path
  const type = types[extname(name)]
  if (!served.test(name) || type === undefined) return false
  const file = join(folder, name)
  const found = await stat(file).catch(() => undefined)
  if (!found?.isFile()) return false
  const etag = `"${found.size.toString(16)}-${Math.trunc(found.mtimeMs).toString(16)}"`
  response.setHeader('etag', etag)
  response.setHeader('cache-control', name.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache')
  if (request.headers['if-none-match'] === etag) {
    response.writeHead(304).end()
    return true
  }
  const bytes = await readFile(file)
  response.writeHead(200, { 'content-type': type, 'content-length': bytes.length })
  response.end(request.method === 'HEAD' ? undefined : bytes)
  return true
}
