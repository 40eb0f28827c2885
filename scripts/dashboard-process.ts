/**
 * The dashboard of a run that this process leads, as a process of its own: it is a client of Monitor like any other, and what goes wrong
 * with it never touches the run. It ends with this process, however that ends.
 */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { tokenVariable } from '../common/rpc/token.js'
import type { Terminal } from './terminal.js'

const entry = fileURLToPath(new URL('./lossmith.js', import.meta.url))

export interface DashboardProcessOptions {
  readonly terminal: Terminal
  readonly runDirectory: string
  readonly insecure: boolean
  /** Authority by which the dashboard knows the coordinator, where that speaks TLS. */
  readonly tlsCa: string | undefined
  /** Handed over in the environment, which only this user can read. */
  readonly token: string | undefined
}

/** Says where the page is once it is there, or why it is not. Returns what ends the process. */
export function startDashboardProcess({ terminal, runDirectory, insecure, tlsCa, token }: DashboardProcessOptions): () => void {
  const words = [entry, '--log', 'json', 'dashboard', runDirectory, '--open', '--parent-pid', String(process.pid)]
  if (insecure) words.push('--insecure')
  if (tlsCa !== undefined) words.push('--tls-ca', tlsCa)
  const env = { ...process.env, [tokenVariable]: token }
  const child = spawn(process.execPath, words, { detached: true, env, stdio: ['ignore', 'ignore', 'pipe'] })
  let last = ''
  let asked = false
  const say = (text: string, facts: Record<string, unknown>) => {
    terminal.redraw('')
    terminal.note(text, facts)
  }
  child.once('error', (error) => (last = error.message))
  child.once('close', () => asked || say(`no dashboard: ${last}`, { event: 'dashboard-failed', reason: last }))
  createInterface(child.stderr!).on('line', (line) => {
    const said = parse(line)
    last = said?.msg ?? line
    if (said?.event === 'dashboard') say(`dashboard at ${said.url}`, { event: 'dashboard', url: said.url })
  })
  return () => {
    asked = true
    child.kill()
  }
}

function parse(line: string): { event?: string; url?: string; msg?: string } | undefined {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}
