/** What a Monitor's client asks of a run: each request is taken or refused at once, a refusal with its reason; what is taken is done by obey-orders.ts. */
import { asLossmithError } from '../../common/rpc/status.js'
import type { MonitorHandlers } from '../../proto/generated/lossmith/v1/Monitor.js'
import { requireMemory } from '../check-memory.js'
import { rangesOf } from '../deal-lanes.js'
import { type LaneMove, moveLanes } from '../move-lanes.js'
import type { RunContext } from '../run-context.js'

type Requests = Pick<MonitorHandlers, 'Pause' | 'Resume' | 'MoveLanes' | 'CheckpointNow' | 'Stop'>

export function monitorRequests(context: RunContext): Requests {
  const { control } = context
  return {
    Pause: ({ request }, done) =>
      done(
        null,
        answer(pauseRefusal(context), () => control.pause(reasonOf(request))),
      ),
    Resume: (_call, done) =>
      done(
        null,
        answer(resumeRefusal(context), () => control.resume()),
      ),
    MoveLanes: ({ request }, done) =>
      done(
        null,
        answer(moveRefusal(context, request), () => control.move(request)),
      ),
    CheckpointNow: (_call, done) =>
      done(
        null,
        answer(checkpointRefusal(context), () => {
          // In every other phase there is one of the last step, or it is being written.
          if (context.status.phase === 'training') control.checkpointNow()
        }),
      ),
    Stop: ({ request }, done) =>
      done(
        null,
        answer(stopRefusal(context), () => control.stop(reasonOf(request))),
      ),
  }
}

/** One line of bounded length: it is kept in the run's history and shown on every watcher's terminal. */
function reasonOf({ reason }: { reason: string }): string {
  const line = reason.replace(/\p{Cc}+/gu, ' ').trim()
  const shown = line.length > longestReason ? `${line.slice(0, longestReason)} …` : line
  return shown === '' ? 'asked by a monitor' : shown
}

const longestReason = 500

function answer(refusal: string | undefined, obey: () => void): { accepted: boolean; reason: string } {
  if (refusal === undefined) obey()
  return { accepted: refusal === undefined, reason: refusal ?? '' }
}

function pauseRefusal({ control, status }: RunContext): string | undefined {
  if (!control.takesOrders) return `wanted a run that goes on training, got one ${phaseOf(control, status)}`
  if (control.pauseReason !== undefined) return `wanted a run that is not paused, got one that is: ${control.pauseReason}`
  return undefined
}

function resumeRefusal({ control, status }: RunContext): string | undefined {
  if (control.takesOrders && control.pauseReason !== undefined) return undefined
  return `wanted a run that is paused, got one ${phaseOf(control, status)}`
}

function moveRefusal(context: RunContext, move: LaneMove): string | undefined {
  const { control, status, membership, plan, job } = context
  if (!control.takesOrders) return `wanted a run that goes on training, got one ${phaseOf(control, status)}`
  if (plan === undefined) return `wanted a run whose workers are prepared, got one ${phaseOf(control, status)}`
  try {
    const counts = moveLanes(control.moves.reduce(moveLanes, membership.laneCounts), move)
    const lanes = rangesOf(counts.map(({ count }) => count))
    const moved = membership.ranks.map((member, rank) => ({ ...member, lanes: lanes[rank]! }))
    requireMemory(job, moved, plan)
    return undefined
  } catch (error) {
    return asLossmithError(error).message
  }
}

function checkpointRefusal({ control, status }: RunContext): string | undefined {
  if (status.phase === 'training' || (control.trains && status.step > 0 && !isOver(status))) return undefined
  return `wanted a run that trains, got one ${phaseOf(control, status)}`
}

function stopRefusal({ control, status }: RunContext): string | undefined {
  return isOver(status) ? `wanted a run that goes on, got one ${phaseOf(control, status)}` : undefined
}

const isOver = ({ phase }: RunContext['status']) => phase === 'done' || phase === 'failed'

const phaseOf = ({ stopReason }: RunContext['control'], { phase }: RunContext['status']) =>
  `in phase ${phase}${stopReason === undefined ? '' : `, told to stop: ${stopReason}`}`
