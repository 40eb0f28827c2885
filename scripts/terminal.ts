/**
 * What a command says. Results go to stdout: text for people, or with --json exactly one JSON object at the end.
 * Everything before goes to stderr: text, or structured log lines with --log or --json (common/log.ts). --quiet leaves results and errors only.
 */
import { writeSync } from 'node:fs'
import { LossmithError } from '../common/errors.js'
import { createLog, hideSecrets, keepSecret, type Log, type LogFacts, type LogFormat, type LogLevel, logOf, prettyLine } from '../common/log.js'

export interface GlobalOptions {
  readonly json?: true
  readonly quiet?: true
  readonly log?: LogFormat
  readonly logLevel?: LogLevel
}

export class Terminal {
  readonly json: boolean
  readonly quiet: boolean
  /** What is to be logged with `--log`, and how; undefined without it. */
  readonly logging: { format: LogFormat; level: LogLevel } | undefined
  /** Structured lines where they are asked for, by --log or --json; else null. */
  runLog: Log | null
  private readonly colour = process.stderr.isTTY === true && !process.env.NO_COLOR

  /** `role`: who speaks, the name of the command. */
  constructor(options: GlobalOptions, role = 'lossmith') {
    this.json = options.json === true
    this.quiet = options.quiet === true
    const level = this.quiet ? 'error' : (options.logLevel ?? 'info')
    this.logging = options.log && { format: options.log, level }
    const structured = this.json || options.log !== undefined
    keepSecret(process.env.LOSSMITH_TOKEN ?? '')
    const log = () => createLog({ format: options.log ?? 'json', level, colour: this.colour, write: (line) => writeAll(2, line) })
    this.runLog = structured ? log().about(() => ({ role })) : null
  }

  /** For whoever has a few lines to say: structured, or the text of their notes; an error comes through `error` there. */
  get log(): Log {
    return this.runLog ?? logOf((level, text) => level === 'info' && this.note(text, {}))
  }

  /** From here on structured lines carry these facts too. */
  about(known: () => LogFacts): void {
    this.runLog = this.runLog?.about(known) ?? null
  }

  /** Whether a bar that redraws itself makes sense. */
  get live(): boolean {
    return this.runLog === null && !this.quiet && process.stderr.isTTY === true
  }

  /** Characters that fit on the line that is redrawn. */
  get width(): number {
    return Math.max(20, (process.stderr.columns || 80) - 1)
  }

  /** A line on the way: `text` for people, `facts` for machines. */
  note(text: string, facts: Record<string, unknown>): void {
    if (this.quiet) return
    const { level, ...rest } = facts
    if (this.runLog === null) writeAll(2, `${text}\n`)
    else this.runLog[level === 'warn' || level === 'error' ? level : 'info'](text, rest)
  }

  /** A line of JSON that a process started here has logged, in the format asked for. */
  forward(line: string): void {
    writeAll(2, this.logging?.format === 'pretty' ? prettyLine(this.colour)(line) : `${line}\n`)
  }

  /** Redraws the last line of a live terminal; an empty text wipes it. */
  redraw(text: string): void {
    if (this.live) writeAll(2, `\r\x1b[2K${text.slice(0, this.width)}`)
  }

  /** What the command was run for. Called once. */
  result(text: string, facts: Record<string, unknown>): void {
    writeAll(1, this.json ? `${JSON.stringify(facts)}\n` : `${text}\n`)
  }

  /** An error, as everyone sees it: message and code, no stack unless LOSSMITH_DEBUG=1. */
  error(error: unknown, extra: Record<string, unknown> = {}): void {
    const { message, code, kind } = describeError(error)
    const stack = process.env.LOSSMITH_DEBUG === '1' && error instanceof Error ? error.stack : undefined
    if (this.logging !== undefined) this.runLog!.error(message, { event: 'error', kind, code, stack })
    else writeAll(2, `lossmith: ${message} [${code}]\n${stack === undefined ? '' : `${stack}\n`}`)
    if (this.json) writeAll(1, `${JSON.stringify({ ok: false, error: { kind, code, message }, ...extra })}\n`)
  }
}

/** 2: the user's mistake; 3: refused, or a process or connection was lost; 1: a bug. */
export function exitCode(error: unknown): number {
  return { config: 2, refused: 3, transient: 3, broken: 1 }[describeError(error).kind]
}

function describeError(error: unknown): { kind: LossmithError['kind']; code: string; message: string } {
  if (error instanceof LossmithError) return error
  const message = error instanceof Error ? error.message : String(error)
  return { kind: 'broken', code: 'bug', message: `${message} (this is a bug; LOSSMITH_DEBUG=1 shows where)` }
}

/** Synchronous, so that nothing is lost when the process ends right after. False: the reader, or the terminal, went away, which is no error. */
export function writeAll(descriptor: 1 | 2, text: string): boolean {
  const bytes = Buffer.from(hideSecrets(text))
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(descriptor, bytes, at)
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code
      if (code === 'EPIPE' || code === 'EIO') return false
      if (code !== 'EAGAIN') throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5)
    }
  }
  return true
}
