import { configError, refusedError } from '../../common/errors.js'
import { connectMonitor, type Monitor } from '../../coordinator/monitor/monitor-client.js'
import { type ConnectFlags, connectOptions } from '../connect-flags.js'
import type { Terminal } from '../terminal.js'

export const requests = ['pause', 'resume', 'checkpoint', 'stop', 'move'] as const

export interface ControlOptions extends ConnectFlags {
  readonly reason?: string
  readonly from?: string
  readonly to?: string
  readonly lanes?: number
}

interface Request {
  ask(monitor: Monitor): Promise<{ accepted: boolean; reason: string }>
  /** What the run does now. */
  readonly taken: string
}

/** One request to a run that goes on. Exit code 0: it is taken, and done after the step under way. @throws refused `request-refused` with the run's reason */
export async function control(address: string, name: (typeof requests)[number], options: ControlOptions, terminal: Terminal): Promise<number> {
  const request = requestOf(name, options)
  const monitor = connectMonitor({ address, ...connectOptions(options, terminal) })
  try {
    const { accepted, reason } = await request.ask(monitor)
    if (!accepted) throw refusedError('request-refused', `${address} refuses to ${name}: ${reason}`)
  } finally {
    monitor.close()
  }
  terminal.result(request.taken, { ok: true, request: name, accepted: true })
  return 0
}

function requestOf(name: (typeof requests)[number], { reason, from, to, lanes }: ControlOptions): Request {
  const isMove = from !== undefined || to !== undefined || lanes !== undefined
  if (isMove && name !== 'move') throw configError('usage', `--from, --to, --lanes: wanted with move alone, got ${name}`)
  if (reason !== undefined && name !== 'pause' && name !== 'stop') throw configError('usage', `--reason: wanted with pause or stop, got ${name}`)
  switch (name) {
    case 'pause':
      return { ask: (monitor) => monitor.pause(reason), taken: 'the run pauses after the step under way, with a checkpoint' }
    case 'resume':
      return { ask: (monitor) => monitor.resume(), taken: 'the run goes on' }
    case 'checkpoint':
      return { ask: (monitor) => monitor.checkpoint(), taken: 'a checkpoint is written after the step under way' }
    case 'stop':
      return { ask: (monitor) => monitor.stop(reason), taken: 'the run stops after the step under way, with a checkpoint' }
    case 'move':
      if (from === undefined || to === undefined || lanes === undefined) throw configError('usage', 'move: wanted --from, --to and --lanes')
      return { ask: (monitor) => monitor.moveLanes(from, to, lanes), taken: `${to} takes ${lanes === 1 ? 'a lane' : `${lanes} lanes`} of ${from}` }
  }
}
