/** What a Monitor's client asks of a run: each request is taken or refused, a refusal with its reason. */
import { status as codes } from '@grpc/grpc-js'
import type { MonitorHandlers } from '../../proto/generated/lossmith/v1/Monitor.js'
import type { RunContext } from '../run-context.js'

type Requests = Pick<MonitorHandlers, 'Pause' | 'Resume' | 'MoveLanes' | 'CheckpointNow' | 'Stop'>

export function monitorRequests({ control, status }: RunContext): Requests {
  return {
    Pause: (_call, done) => done(notYet),
    Resume: (_call, done) => done(notYet),
    MoveLanes: (_call, done) => done(notYet),

    CheckpointNow: (_call, done) => {
      const accepted = status.phase === 'training'
      if (accepted) control.checkpointNow()
      done(null, { accepted, reason: accepted ? '' : `wanted a run that trains, got one in phase ${status.phase}` })
    },

    Stop: (call, done) => {
      const accepted = status.phase !== 'done' && status.phase !== 'failed'
      if (accepted) control.stop(call.request.reason || 'asked by a monitor')
      done(null, { accepted })
    },
  }
}

const notYet = { code: codes.UNIMPLEMENTED, details: 'not built yet' }
