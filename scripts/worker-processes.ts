/**
 * Workers as child processes of this one: each in its own process group, so that Ctrl-C in the terminal reaches only the coordinator,
 * and asking the kernel to die with this process. The last lines that a worker wrote are kept, for the case that it ends badly; where lines are
 * logged, its own are passed on.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Job } from '../common/job/job.js'
import { tokenVariable } from '../common/rpc/token.js'
import type { Terminal } from './terminal.js'

const entry = fileURLToPath(new URL('./lossmith.js', import.meta.url))
const keptLines = 20
/** Kept of a line without an end. */
const lineLength = 20_000

export interface WorkerExit {
  readonly name: string
  /** Exit code, or the signal that ended it. */
  readonly status: number | NodeJS.Signals
  readonly lastLines: string
}

interface ProcessOptions {
  readonly coordinator: string
  readonly threads: number
  readonly device: Job['cluster']['device']
  readonly insecure: boolean
  readonly tlsCa: string | undefined
  /** Handed over in the environment, which only this user can read. */
  readonly token: string | undefined
}

interface Worker {
  readonly name: string
  readonly child: ChildProcess
  lines: string[]
}

export class WorkerProcesses {
  private readonly workers: Worker[]
  /** Resolves with the first worker that ends badly. */
  readonly crashed: Promise<WorkerExit>

  constructor(count: number, options: ProcessOptions, terminal: Terminal) {
    let resolve: (exit: WorkerExit) => void
    this.crashed = new Promise((settle) => {
      resolve = settle
    })
    this.workers = Array.from({ length: count }, (_, i) => startWorker(`worker-${i + 1}`, options, terminal))
    for (const worker of this.workers) {
      const ended = (status: number | NodeJS.Signals) => {
        if (status !== 0) resolve(exitOf(worker, status))
      }
      worker.child.once('error', (error) => {
        worker.lines.push(error.message)
        ended(1)
      })
      worker.child.once('close', (code, signal) => ended(signal ?? code ?? 1))
    }
  }

  /** Workers that have ended badly so far, with what they wrote last. */
  exits(): WorkerExit[] {
    return this.workers.flatMap((worker) => {
      const status = worker.child.signalCode ?? worker.child.exitCode
      return status === null || status === 0 ? [] : [exitOf(worker, status)]
    })
  }

  /** Waits for all of them, then ends those that are still there. */
  async end(graceMs: number): Promise<void> {
    const running = this.workers.filter(({ child }) => isRunning(child))
    const all = Promise.all(running.map(({ child }) => once(child, 'close')))
    await Promise.race([all, sleep(graceMs, undefined, { ref: false })])
    this.kill()
    await Promise.race([all, sleep(2000, undefined, { ref: false })])
  }

  /** At once, stopped ones too. */
  kill(): void {
    for (const { child } of this.workers) if (isRunning(child)) child.kill('SIGKILL')
  }
}

function startWorker(name: string, { coordinator, threads, device, insecure, tlsCa, token }: ProcessOptions, terminal: Terminal): Worker {
  const options = ['--coordinator', coordinator, '--name', name, '--threads', String(threads), '--device', device]
  options.push('--parent-pid', String(process.pid))
  if (insecure) options.push('--insecure')
  if (tlsCa !== undefined) options.push('--tls-ca', tlsCa)
  if (terminal.logging !== undefined) options.push('--log', 'json', '--log-level', terminal.logging.level)
  const env = { ...process.env, [tokenVariable]: token }
  const child = spawn(process.execPath, [entry, 'worker', ...options], { detached: true, env, stdio: ['ignore', 'pipe', 'pipe'] })
  const worker: Worker = { name, child, lines: [] }
  for (const stream of [child.stdout, child.stderr]) {
    let rest = ''
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n')
      rest = lines.pop()!.slice(-lineLength)
      worker.lines = [...worker.lines, ...lines.map((line) => pass(line, name, terminal))].slice(-keptLines)
    })
    stream.once('end', () => {
      if (rest !== '') worker.lines.push(rest)
    })
  }
  return worker
}

/** Passes a line on where lines are logged; returns it as it is kept: in the words that people see without a log. */
function pass(line: string, member: string, terminal: Terminal): string {
  if (terminal.logging === undefined) return line
  const logged = parseLogLine(line)
  if (logged === undefined) {
    if (line.trim() !== '') terminal.log.warn(line, { role: 'worker', member, event: 'output' })
    return line
  }
  terminal.forward(line)
  return logged.event === 'error' ? `lossmith: ${logged.msg} [${logged.code}]` : logged.msg
}

function parseLogLine(line: string): { msg: string; event?: string; code?: string } | undefined {
  if (!line.startsWith('{"level":')) return undefined
  try {
    return JSON.parse(line)
  } catch {
    return undefined // written by two at once, or cut by a crash
  }
}

const isRunning = (child: ChildProcess) => child.pid !== undefined && child.exitCode === null && child.signalCode === null
const exitOf = ({ name, lines }: Worker, status: number | NodeJS.Signals): WorkerExit => ({ name, status, lastLines: lines.join('\n') })
