/** Log lines of a process: time, level, who, what, on stderr; as JSON objects where a machine reads. Results go to stdout, never here. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

export interface Log {
  debug(message: string): void
  info(message: string): void
  warn(message: string): void
  error(message: string): void
}

export interface LogOptions {
  /** Who speaks: "coordinator", "worker host:pid". */
  name: string
  /** Lines below this level are dropped. Default: info. */
  level?: LogLevel
  json?: boolean
  write?: (line: string) => void
}

const order: readonly LogLevel[] = ['debug', 'info', 'warn', 'error']

export function createLog({ name, level = 'info', json = false, write = (line) => void process.stderr.write(line) }: LogOptions): Log {
  const say = (at: LogLevel) => (message: string) => {
    if (order.indexOf(at) < order.indexOf(level)) return
    const time = new Date().toISOString()
    write(json ? `${JSON.stringify({ time, level: at, name, message })}\n` : `${time} ${at.padEnd(5)} ${name}: ${message}\n`)
  }
  return { debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error') }
}
