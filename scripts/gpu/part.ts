/** A part of scripts/gpu-check: what it gives, and how it runs programs within its time. */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../../../', import.meta.url))
export const lossmith = fileURLToPath(new URL('../lossmith.js', import.meta.url))

export type Verdict = 'passed' | 'failed' | 'skipped'

export interface Outcome {
  readonly verdict: Verdict
  /** One line for the table. */
  readonly text: string
  /** For the JSON. */
  readonly facts?: unknown
  /** The end of what a program said, where it failed. */
  readonly output?: string
}

/** What a part may use. */
export interface Around {
  /** The device is emulated on the CPU: right or wrong can be told, fast or slow cannot. */
  readonly emulated: boolean
  /** A folder that goes when all is done. */
  readonly scratch: string
  /** A Python with PyTorch for CUDA, or null. */
  readonly peer: string | null
  /** Milliseconds that are left for this part. */
  left(): number
}

export interface Part {
  readonly name: string
  /** At most this long, in seconds. */
  readonly seconds: number
  run(around: Around): Outcome | Promise<Outcome>
}

export const passed = (text: string, facts?: unknown): Outcome => ({ verdict: 'passed', text, facts })
export const skipped = (text: string): Outcome => ({ verdict: 'skipped', text })
export const failed = (text: string, output = '', facts?: unknown): Outcome => ({ verdict: 'failed', text, output: output.slice(-6000), facts })

export interface Ran {
  /** Null: it took too long. */
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Under timeout(1), which ends the program's children, too. */
export function runFor(ms: number, program: string, args: readonly string[], env: Record<string, string> = {}): Ran {
  const { status, stdout, stderr } = spawnSync('timeout', ['--kill-after=5', `${Math.max(1, ms / 1000)}`, program, ...args], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, ...env },
    maxBuffer: 1 << 28,
  })
  return { code: status === 124 || status === 137 ? null : status, stdout, stderr }
}

export function whyFailed({ code }: Ran): string {
  return code === null ? 'took too long' : `exit ${code}`
}
