/**
 * Who may ask the dashboard: pages of its own origin. A foreign page in the same browser can send requests here too, also under a name of its
 * own that it lets point to this address (DNS rebinding): so the host's name must be ours, an Origin that of the host, and a request that
 * changes something carries a header that a foreign page cannot set unasked.
 */
import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import { hostname } from 'node:os'
import { isLoopback } from '../../common/rpc/credentials.js'

/** Why the request is refused; undefined when it is not. `listen`: host that the dashboard listens on. Ports may differ: tunnels forward another one. */
export function distrust({ headers, method }: IncomingMessage, listen: string): string | undefined {
  const host = hostOf(headers.host ?? '')
  if (!isOurs(host, listen)) return `wanted the host ${listen}, got "${headers.host ?? ''}"`
  if (headers.origin !== undefined && headers.origin !== `http://${headers.host}` && headers.origin !== `https://${headers.host}`)
    return `wanted a request of this page, got one of ${headers.origin}`
  if (method === 'POST' && headers['x-lossmith'] !== '1') return 'wanted the header x-lossmith: 1, got none'
  return undefined
}

function isOurs(host: string, listen: string): boolean {
  if (host === listen.toLowerCase()) return true
  if (isLoopback(listen)) return isLoopback(host)
  // Whoever listens on all interfaces is reached by many numbers, and by the machine's names.
  const everywhere = listen === '0.0.0.0' || listen === '::'
  return everywhere && (isLoopback(host) || isIP(host) !== 0 || namesHere().includes(host))
}

/** With the domain of mDNS. Of no other domain: anybody can have this machine's name in theirs. */
function namesHere(): string[] {
  const name = hostname().toLowerCase()
  return [name, `${name.split('.')[0]}.local`]
}

function hostOf(header: string): string {
  const match = /^(?:\[([^\]]+)\]|([^:]+))(?::\d+)?$/.exec(header.toLowerCase())
  return match?.[1] ?? match?.[2] ?? ''
}
