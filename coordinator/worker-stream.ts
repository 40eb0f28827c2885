/**
 * The life of a stream that each worker holds open while it trains. The first message, step 0, only says whose it is. A worker ends its stream
 * and waits for our end; a connection that breaks is how a worker's death is seen first; when the run fails every stream says why.
 */
import { type ServerDuplexStream, status } from '@grpc/grpc-js'
import { asLossmithError, toStatus } from '../common/rpc/status.js'
import type { Member } from './membership.js'
import type { RunContext } from './run-context.js'
import type { WorkerLoss } from './worker-loss.js'

const settleMs = 50

export interface Served {
  readonly context: RunContext
  readonly loss: WorkerLoss
  /** Throws for a name that is of nobody in this run. */
  readonly memberOf: (name: string) => Member
}

/** `report` is called in the handler of the message, in the order of messages; what it throws ends the run. `closed` comes once or more. */
export function serveWorkerStream<Report extends { member: string; step: number }, Answer>(
  { context, loss, memberOf }: Served,
  call: ServerDuplexStream<Report, Answer>,
  { report, closed }: { report: (member: Member, report: Report) => void; closed: () => void },
): void {
  const { control } = context
  let member: Member | undefined
  let open = true
  let ended = false
  const close = () => {
    const was = open
    open = false
    closed()
    return was
  }
  call.on('data', (message: Report) => {
    try {
      member = memberOf(message.member)
      if (message.step > 0) report(member, message)
    } catch (error) {
      close()
      if (control.failure === undefined) control.fail(asLossmithError(error))
      call.emit('error', toStatus(error))
    }
  })
  // A connection that breaks ends the stream too, and is known as broken only right after that; a worker that ends it waits for our end.
  call.on('end', () => {
    const settle = () => {
      if (close()) call.end()
      ended = true
    }
    // On a loaded machine the time may pass without the network being looked at: setImmediate comes after that.
    setTimeout(() => setImmediate(settle), settleMs)
  })
  call.on('cancelled', () => {
    close()
    if (!ended && member !== undefined && control.failure === undefined)
      loss.lost(member, `its connection broke while it trained${context.steps === undefined ? '' : ` step ${context.steps.committed + 1}`}`)
  })
  control.failed.catch((error) => {
    if (close()) call.emit('error', toStatus(error, status.ABORTED))
  })
}
