/**
 * The command line as processes of a test. Each has a deadline after which it is killed and counts as hanging; all of them and whatever they
 * started carry a mark in their environment, so that a process left behind is found and named.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const commandLine = fileURLToPath(new URL('../../scripts/lossmith.js', import.meta.url))

export interface Ended {
  code: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
  /** performance.now() */
  at: number
}

export interface Running {
  pid: number
  /** Rejects when the process did not end by its deadline. */
  ended: Promise<Ended>
  /** The first match in what it has written or writes, to stderr unless the stream is named. */
  says(pattern: RegExp, timeoutMs?: number, stream?: 'stdout' | 'stderr'): Promise<RegExpExecArray>
  kill(signal: NodeJS.Signals): void
}

export class Processes {
  private readonly mark = `LOSSMITH_TEST=${randomUUID()}`
  /** Their TMPDIR: a worker that is killed cannot clean up after itself. */
  readonly temporary = mkdtempSync(join(tmpdir(), 'lossmith-processes-'))

  constructor() {
    process.once('exit', () => rmSync(this.temporary, { recursive: true, force: true }))
  }

  /** `inside`: words before the command, such as `ip netns exec <name>`. `env`: beside what this process has. */
  start(args: string[], options: { deadlineMs?: number; inside?: string[]; env?: Record<string, string> } = {}): Running {
    const { deadlineMs = 120_000, inside = [], env = {} } = options
    const [program, ...words] = [...inside, process.execPath, commandLine, ...args] as [string, ...string[]]
    const [name, value] = this.mark.split('=') as [string, string]
    // Without a desktop: no test opens a browser on it.
    const here = { ...process.env, DISPLAY: '', WAYLAND_DISPLAY: '' }
    const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...here, ...env, TMPDIR: this.temporary, [name]: value } })
    const said = { stdout: '', stderr: '' }
    const listeners = new Set<() => void>()
    for (const stream of ['stdout', 'stderr'] as const) {
      child[stream].setEncoding('utf8').on('data', (text: string) => {
        said[stream] += text
        for (const listener of listeners) listener()
      })
    }
    const ended = new Promise<Ended>((resolve, reject) => {
      const timer = setTimeout(() => {
        child.kill('SIGKILL')
        reject(new Error(`lossmith ${args.join(' ')} did not end within ${deadlineMs} ms; it said:\n${said.stderr}`))
      }, deadlineMs)
      child.once('close', (code, signal) => {
        clearTimeout(timer)
        resolve({ code, signal, ...said, at: performance.now() })
      })
    })
    ended.catch(() => {})
    const says = (pattern: RegExp, timeoutMs = 60_000, stream: 'stdout' | 'stderr' = 'stderr') =>
      new Promise<RegExpExecArray>((resolve, reject) => {
        const settle = (act: () => void) => {
          clearTimeout(timer)
          listeners.delete(look)
          act()
        }
        const look = () => {
          const match = pattern.exec(said[stream])
          if (match) settle(() => resolve(match))
        }
        const fail = (why: string) =>
          settle(() => reject(new Error(`lossmith ${args.join(' ')} ${why} before it said ${pattern}:\n${said.stdout}${said.stderr}`)))
        const timer = setTimeout(() => fail(`took ${timeoutMs} ms`), timeoutMs)
        listeners.add(look)
        look()
        ended.then(
          () => fail('ended'),
          () => fail('hung'),
        )
      })
    return { pid: child.pid!, ended, says, kill: (signal) => void child.kill(signal) }
  }

  /** Ends with an assertion when anything that was started here still runs; kills it. */
  async allGone(timeoutMs = 3000): Promise<void> {
    const until = performance.now() + timeoutMs
    let left = this.left()
    while (left.length > 0 && performance.now() < until) {
      await sleep(50)
      left = this.left()
    }
    for (const { pid } of left) process.kill(pid, 'SIGKILL')
    assert.deepEqual(
      left.map(({ command }) => command),
      [],
      'every process ends by itself',
    )
  }

  private left(): { pid: number; command: string }[] {
    return readdirSync('/proc').flatMap((entry) => {
      if (!/^\d+$/.test(entry)) return []
      try {
        if (!readFileSync(`/proc/${entry}/environ`, 'latin1').includes(this.mark)) return []
        if (/^State:\s*Z/m.test(readFileSync(`/proc/${entry}/status`, 'latin1'))) return []
        return [{ pid: Number(entry), command: readFileSync(`/proc/${entry}/cmdline`, 'latin1').replaceAll('\0', ' ') }]
      } catch {
        return [] // ended meanwhile, or not ours to read
      }
    })
  }
}
