/**
 * Structured logs of a process, by pino: one line an event, as a JSON object or prettily for people, written at once, so that nothing is lost when
 * the process ends right after. Every line says time, level, role and, where they are known, run, generation, rank and step. Secrets never: known
 * keys are redacted, and what `keepSecret` was told wherever it stands. Results go to stdout, never here.
 */
import { pino, stdTimeFunctions } from 'pino'
import { prettyFactory } from 'pino-pretty'

export const logFormats = ['json', 'pretty'] as const
export const logLevels = ['debug', 'info', 'warn', 'error'] as const
export type LogFormat = (typeof logFormats)[number]
export type LogLevel = (typeof logLevels)[number]

/** What a line is about; a fact that is undefined is left out. */
export interface LogFacts {
  role?: string
  run?: string | undefined
  generation?: number | undefined
  rank?: number | undefined
  step?: number | undefined
  [fact: string]: unknown
}

export interface Log {
  debug(message: string, facts?: LogFacts): void
  info(message: string, facts?: LogFacts): void
  warn(message: string, facts?: LogFacts): void
  error(message: string, facts?: LogFacts): void
  /** A log whose lines carry these facts too, as they are when the line is written. */
  about(known: () => LogFacts): Log
}

export interface LogOptions {
  format: LogFormat
  /** Lines below this level are dropped. */
  level: LogLevel
  colour?: boolean
  write: (line: string) => void
}

export function createLog({ format, level, colour = false, write }: LogOptions): Log {
  const show = format === 'pretty' ? prettyLine(colour) : (line: string) => line
  const logger = pino(
    {
      ...{ level, base: null, timestamp: stdTimeFunctions.isoTime },
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: secretKeys, censor: hidden },
    },
    { write: (line: string) => write(show(hideSecrets(line))) },
  )
  return logOf((at, message, facts) => logger[at](facts, message))
}

/** A log that hands its lines to `say`. */
export function logOf(say: (level: LogLevel, message: string, facts: LogFacts) => void, known: () => LogFacts = () => ({})): Log {
  const at =
    (level: LogLevel) =>
    (message: string, facts: LogFacts = {}) =>
      say(level, message, { ...known(), ...facts })
  return {
    ...{ debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') },
    about: (more) => logOf(say, () => ({ ...known(), ...more() })),
  }
}

/** Makes a line for people of one of JSON, also of one that another process wrote. */
export function prettyLine(colour: boolean): (line: string) => string {
  const show = prettyFactory({
    ...{ colorize: colour, translateTime: 'SYS:HH:MM:ss.l', singleLine: true, hideObject: true, ignore: 'name,caller,pid,hostname' },
    messageFormat: (line, key) => {
      const { role, member, rank, generation, step, code } = line as LogFacts
      const where = [known('rank ', rank), known('generation ', generation), known('step ', step)].filter((word) => word !== '').join(', ')
      return `${member ?? role}${where === '' ? '' : ` (${where})`}: ${line[key]}${code === undefined ? '' : ` [${code}]`}`
    },
  })
  return (line) => `${show(line).trimEnd()}\n`
}

const known = (name: string, value: unknown) => (value === undefined ? '' : `${name}${value}`)

/**
 * From here on no line of this process shows this value. Of the whole process, since a secret may come back in the message of any error.
 * Fewer than 8 characters are none: they stand in many words.
 */
export function keepSecret(value: string): void {
  if (value.length >= 8) for (const form of [value, JSON.stringify(value).slice(1, -1)]) secrets.add(form)
}

export function hideSecrets(line: string): string {
  let shown = line
  for (const secret of secrets) shown = shown.replaceAll(secret, hidden)
  return shown
}

const secrets = new Set<string>()
const hidden = '[hidden]'
const secretKeys = ['token', 'authorization', 'password'].flatMap((key) => [key, `*.${key}`, `*.*.${key}`])
