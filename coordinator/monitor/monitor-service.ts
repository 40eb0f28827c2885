/** The Monitor service: describes the run, replays its history and streams what happens; requests: monitor-requests.ts. A client that reads slowly gets fewer steps. */
import { status as codes, type ServerWritableStream } from '@grpc/grpc-js'
import { transientError } from '../../common/errors.js'
import { toStatus } from '../../common/rpc/status.js'
import { version } from '../../common/version.js'
import type { MonitorHandlers } from '../../proto/generated/lossmith/v1/Monitor.js'
import type { RunEvent } from '../../proto/generated/lossmith/v1/RunEvent.js'
import type { WatchRequest__Output as WatchRequest } from '../../proto/generated/lossmith/v1/WatchRequest.js'
import type { RunContext } from '../run-context.js'
import { memberMessages } from './member-messages.js'
import { monitorRequests } from './monitor-requests.js'

const defaultHistory = 1000
const maxHistory = 10_000
const maxWaiting = 1000

/** `ended` resolves when no more events will come. */
export function monitorService(context: RunContext, jobYaml: string, ended: Promise<unknown>): MonitorHandlers {
  const { membership, status, job } = context
  return {
    Describe: (_call, done) =>
      done(null, {
        name: job.name,
        directory: context.directory.path,
        version,
        phase: status.phase,
        jobYaml,
        generation: membership.generation,
        step: status.step,
        epoch: status.epoch,
        epochs: job.train.epochs,
        members: memberMessages(membership),
        ledger: status.ledger,
        rowsInEpoch: status.rowsInEpoch,
        error: status.error,
      }),

    Watch: (call) => watch(context, call, ended),

    Progress: (_call, done) => done(notYet),

    ...monitorRequests(context),
  }
}

const notYet = { code: codes.UNIMPLEMENTED, details: 'not built yet' }

function watch({ events }: RunContext, call: ServerWritableStream<WatchRequest, RunEvent>, ended: Promise<unknown>): void {
  const { fromStep, history } = call.request
  let queue: RunEvent[] = events.history(fromStep, Math.min(history > 0 ? history : defaultHistory, maxHistory))
  const limit = queue.length + maxWaiting
  let blocked = false
  let finished = false
  let open = true

  const close = (end: () => void) => {
    if (!open) return
    open = false
    unsubscribe()
    end()
  }
  const pump = () => {
    let sent = 0
    while (open && !blocked && sent < queue.length) blocked = !call.write(queue[sent++]!)
    queue.splice(0, sent)
    if (finished && queue.length === 0) close(() => call.end())
  }
  const unsubscribe = events.subscribe((event) => {
    queue.push(event)
    // The client is behind: every second waiting step goes; if that is not enough, the client goes.
    if (queue.length > limit) queue = queue.filter(({ step }, i) => step == null || i % 2 === 0)
    if (queue.length > limit) close(() => call.emit('error', toStatus(tooSlow)))
    pump()
  })
  call.on('drain', () => {
    blocked = false
    pump()
  })
  call.on('cancelled', () => close(() => undefined))
  const finish = () => {
    finished = true
    pump()
  }
  ended.then(finish, finish)
  pump()
}

const tooSlow = transientError('watch-too-slow', `[watch] ${maxWaiting} events wait for this client: read faster, or watch again`)
