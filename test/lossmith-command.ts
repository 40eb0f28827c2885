/** The built command line as a user starts it, and a small log with a job for it to work on. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { writeClickLog } from '../scripts/synth/write-click-log.js'

const ownEntry = fileURLToPath(new URL('../scripts/lossmith.js', import.meta.url))

export interface CommandResult {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface CommandOptions {
  readonly cwd?: string
  readonly env?: NodeJS.ProcessEnv
  /** Another lossmith.js than that of this build. */
  readonly entry?: string
  /** Killed after this; the code is then null. */
  readonly timeoutMs?: number
}

/** Runs a command to its end. */
export const lossmith = (args: readonly string[], options: CommandOptions = {}): Promise<CommandResult> => startLossmith(args, options).ended

/** Starts a command; `saw` waits for words on stderr. */
export function startLossmith(args: readonly string[], { cwd, env, entry = ownEntry, timeoutMs = 60_000 }: CommandOptions = {}) {
  const child = spawn(process.execPath, [entry, ...args], { cwd, env: env ?? process.env, stdio: ['ignore', 'pipe', 'pipe'] })
  const said = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      said[name] += text
    })
  }
  const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs)
  const ended = new Promise<CommandResult>((resolve) => {
    child.once('close', (code) => {
      clearTimeout(timer)
      resolve({ code, ...said })
    })
  })
  const saw = (words: RegExp) =>
    new Promise<RegExpExecArray>((resolve, reject) => {
      const look = () => {
        const match = words.exec(said.stderr)
        if (match) resolve(match)
      }
      child.stderr.on('data', look)
      ended.then(() => reject(new Error(`ended before it said ${words}:\n${said.stderr}${said.stdout}`)))
      look()
    })
  return { child: child as ChildProcess, ended, saw }
}

/** A folder with log.tsv (6,000 rows) and job.yaml, a job that trains in a second. */
export async function smallRun(): Promise<{ folder: string; remove(): void }> {
  const folder = mkdtempSync(join(tmpdir(), 'lossmith-cli-'))
  const truth = { seed: 5, fields: 10, values: 500, positiveRate: 0.3, auc: 0.8, test: 0.2 }
  await writeClickLog({ ...truth, rows: 6000, out: join(folder, 'log.tsv') })
  writeFileSync(join(folder, 'job.yaml'), smallJob)
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) }
}

const smallJob = `
data: { train: log.tsv, split: { by: time, test: 0.2 } }
features: { rows: 4096 }
model: { kind: deepfm, embedding: 4, hidden: [8], dropout: 0.1 }
train: { batch: 64, lanes: 4 }
`
