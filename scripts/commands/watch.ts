import { isAbsolute, relative } from 'node:path'
import { directoryMonitor } from '../../coordinator/monitor/directory-monitor.js'
import { connectMonitor } from '../../coordinator/monitor/monitor-client.js'
import { type ConnectFlags, connectOptions } from '../connect-flags.js'
import { type Terminal, writeAll } from '../terminal.js'
import { type Follower, followRun } from '../watch/follow-run.js'
import { watchLines } from '../watch/watch-lines.js'
import { WatchScreen } from '../watch/watch-screen.js'
import { findRun } from '../watch/watched-run.js'

export interface WatchFlags extends ConnectFlags {
  /** Seconds. */
  readonly patience?: number
}

const signals = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const
/** Where no terminal is, a script waits. */
const linesPatience = 60

/** The run in the terminal until it ends: 0 when it is done or was stopped, and after q; 130 after Ctrl-C; 3 when it failed or was lost. The run goes on. */
export async function watch(place: string | undefined, options: WatchFlags, terminal: Terminal): Promise<number> {
  const connect = connectOptions(options, terminal)
  const run = await findRun(place, { connect: (address) => connectMonitor({ address, ...connect }), open: directoryMonitor })
  const leaving = new AbortController()
  let code = 0
  const leave = (exit: number) => {
    code = exit
    leaving.abort()
  }
  for (const [signal, exit] of Object.entries(signals)) process.on(signal, () => leave(exit))
  const onScreen = process.stdout.isTTY === true && !terminal.json && !terminal.quiet && process.env.TERM !== 'dumb'
  const screen = onScreen ? new WatchScreen({ where: shortPath(run.where), quit: () => leave(0), interrupt: () => leave(130) }) : undefined
  const follower = screen?.follower ?? (terminal.quiet ? unheard : watchLines(terminal.json, () => leave(0)))
  const patience = options.patience ?? (onScreen ? Number.POSITIVE_INFINITY : linesPatience)
  try {
    // Lines tell what happened, and of the steps only the newest.
    const history = onScreen || terminal.json ? 1000 : 1
    await followRun({ run, follower, history, patienceMs: 1000 * patience, signal: leaving.signal })
  } finally {
    const picture = screen?.end() ?? []
    if (screen !== undefined && leaving.signal.aborted)
      writeAll(1, `the run goes on; to look again: lossmith watch ${place ?? shortPath(run.where)}\n`)
    else if (picture.length > 0) writeAll(1, `${picture.join('\n')}\n`)
    run.close()
  }
  if (terminal.json) terminal.result('', { ok: code === 0 })
  return code
}

/** Relative where that is shorter; an address stays. */
function shortPath(where: string): string {
  if (!isAbsolute(where)) return where
  const short = relative(process.cwd(), where)
  return short.startsWith('..') ? where : short
}

const nothing = () => undefined
const unheard: Follower = { connected: nothing, described: nothing, event: nothing, lost: nothing }
