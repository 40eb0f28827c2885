import { LossmithError } from '../../common/errors.js'
import { type Dashboard, startDashboard } from '../../coordinator/dashboard/dashboard-server.js'
import { RunList } from '../../coordinator/dashboard/run-list.js'
import { directoryMonitor } from '../../coordinator/monitor/directory-monitor.js'
import { connectMonitor } from '../../coordinator/monitor/monitor-client.js'
import { type ConnectFlags, connectOptions } from '../connect-flags.js'
import { openInBrowser } from '../open-in-browser.js'
import type { Terminal } from '../terminal.js'

export interface DashboardCommandOptions extends ConnectFlags {
  readonly coordinator: string[]
  /** Default: 127.0.0.1:7077, or any port where that is taken. */
  readonly listen?: string
  readonly readOnly?: true
  readonly open?: true
  readonly parentPid?: number
}

const usualAddress = '127.0.0.1:7077'

/** The page of runs, until a signal ends it, or its parent's end. */
export async function dashboard(directories: string[], options: DashboardCommandOptions, terminal: Terminal): Promise<number> {
  const { coordinator: coordinators, insecure = false, readOnly = false, parentPid } = options
  const connect = connectOptions(options, terminal)
  const places = { coordinators, directories, default: 'runs' }
  const runs = new RunList(places, { connect: (address) => connectMonitor({ address, ...connect }), open: directoryMonitor })
  const start = (listen: string) => startDashboard({ runs, listen, insecure, readOnly, log: terminal.log })
  const shown = options.listen === undefined ? await startAnywhere(start) : await start(options.listen)
  terminal.note(`dashboard at ${shown.url}`, { event: 'dashboard', url: shown.url })
  if (options.open) openInBrowser(shown.url)
  await asked(parentPid)
  await shown.close()
  return 0
}

async function startAnywhere(start: (listen: string) => Promise<Dashboard>): Promise<Dashboard> {
  try {
    return await start(usualAddress)
  } catch (error) {
    if (error instanceof LossmithError && error.code === 'port-in-use') return start('127.0.0.1:0')
    throw error
  }
}

/** Resolves when this process is asked to end, or the one that started it is gone. */
async function asked(parentPid: number | undefined): Promise<void> {
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolve())
    if (parentPid === undefined) return
    const look = () => process.ppid !== parentPid && resolve()
    look()
    setInterval(look, 500)
  })
}
