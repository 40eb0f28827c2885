/**
 * What was asked of a run is done where it stands between two of its parts: with a checkpoint of where it is, or before the first step. Lanes
 * are moved by beginning again from there: a new generation is prepared as at the start of a resumed run, on the workers that are here.
 */
import type { DataSource } from '../proto/generated/lossmith/v1/DataSource.js'
import { memberMessages } from './monitor/member-messages.js'
import { moveLanes } from './move-lanes.js'
import { prepareWorkers } from './prepare-workers.js'
import { enterPhase, type RunContext } from './run-context.js'
import { StoppedEarly } from './run-control.js'

/** Waits while the run is paused. True: it is to stop. `checkpoint`: its newest; empty before the first step. */
export async function obeyOrders(context: RunContext, source: DataSource, checkpoint: string): Promise<boolean> {
  const { control } = context
  for (;;) {
    if (control.stopReason !== undefined) return true
    if (control.moves.length > 0) await beginGeneration(context, source, checkpoint)
    else if (control.pauseReason !== undefined) {
      enterPhase(context, 'paused', control.pauseReason)
      await control.nextOrder()
    } else return false
  }
}

/** A generation has begun: who it has, and with which lanes. */
export function announceMembers({ membership, events }: RunContext): void {
  events.emit({ members: { generation: membership.generation, members: memberMessages(membership) } })
}

async function beginGeneration(context: RunContext, source: DataSource, checkpoint: string): Promise<void> {
  const { control, membership } = context
  membership.redeal(control.moves.splice(0).reduce(moveLanes, membership.laneCounts))
  announceMembers(context)
  try {
    await prepareWorkers(context, context.plan!, source, checkpoint)
  } catch (error) {
    if (!(error instanceof StoppedEarly)) throw error
  }
}
