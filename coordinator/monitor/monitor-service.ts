/** The Monitor service: describes the run, replays its history and streams what happens (watch.ts), takes requests (monitor-requests.ts). */
import { resolve } from 'node:path'
import { toStatus } from '../../common/rpc/status.js'
import { version } from '../../common/version.js'
import type { MonitorHandlers } from '../../proto/generated/lossmith/v1/Monitor.js'
import type { RunDescription } from '../../proto/generated/lossmith/v1/RunDescription.js'
import type { RunContext } from '../run-context.js'
import { memberMessages } from './member-messages.js'
import { monitorRequests } from './monitor-requests.js'
import { Watchers } from './watch.js'

/** `startedUnixMs`: of the run, perhaps by an earlier coordinator. `ended` settles when no more events will come. */
export function monitorService(context: RunContext, jobYaml: string, startedUnixMs: number, ended: Promise<unknown>): MonitorHandlers {
  const watchers = new Watchers(context.events, ended)
  const rankOf = (lane: number) => context.membership.ranks.find(({ lanes: { first, count } }) => lane >= first && lane < first + count)?.rank ?? -1
  return {
    Describe: (_call, done) =>
      void describe(context, jobYaml, startedUnixMs).then(
        (description) => done(null, description),
        (error) => done(toStatus(error)),
      ),
    Watch: (call) => watchers.add(call),
    Progress: ({ request }, done) => done(null, context.progress.describe(request.cells, rankOf)),
    ...monitorRequests(context),
  }
}

async function describe(context: RunContext, jobYaml: string, startedUnixMs: number): Promise<RunDescription> {
  const { membership, status, job, directory, control } = context
  const { phase, step, epoch, ledger, rowsInEpoch, candidates, error } = status
  return {
    name: job.name,
    directory: resolve(directory.path),
    version,
    ...{ phase, jobYaml, step, epoch, ledger, rowsInEpoch, error, startedUnixMs },
    generation: membership.generation,
    epochs: job.train.epochs,
    members: memberMessages(membership),
    lanes: job.train.lanes,
    batch: job.train.batch,
    rejects: directory.rejectCount,
    checkpoints: await context.saved.list(),
    candidates: [...candidates],
    live: phase !== 'done' && phase !== 'failed',
    paused: control.pauseReason !== undefined,
  }
}
