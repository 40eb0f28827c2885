import type { LossmithError } from '../common/errors.js'

/** Enough to notice, too few to fill the run's log. */
const mostHosts = 20

/** Tells who is refused for want of the token: once for each host, so that the one who runs the coordinator sees it too. */
export function tellRefused(warn: (message: string) => void): (peer: string, error: LossmithError) => void {
  const told = new Set<string>()
  return (peer, { code }) => {
    const host = peer.replace(/:\d+$/, '')
    if (told.has(host) || told.size >= mostHosts) return
    told.add(host)
    warn(`calls of ${host} are refused: ${code === 'token-missing' ? 'they show no token' : 'they show another token'}`)
  }
}
