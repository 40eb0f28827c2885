/** Opens an address in the user's browser where there is a desktop; where there is none, or anything fails, nothing happens: the address was printed. */
import { spawn } from 'node:child_process'
import { tokenVariable } from '../common/rpc/token.js'

export function openInBrowser(url: string): void {
  if (!process.env.DISPLAY && !process.env.WAYLAND_DISPLAY) return
  // The token is none of the browser's business.
  const env = { ...process.env, [tokenVariable]: undefined }
  const child = spawn('xdg-open', [url], { detached: true, env, stdio: 'ignore' })
  child.once('error', () => undefined)
  child.unref()
}
