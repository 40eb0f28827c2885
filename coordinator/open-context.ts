/** What a coordinator begins with: the job, the directory of the run, what an earlier coordinator left there, and the parts that share it all. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadNewestCheckpoint } from '../common/checkpoint/list-checkpoints.js'
import type { Job } from '../common/job/job.js'
import { readJob } from '../common/job/parse-job.js'
import { version } from '../common/version.js'
import { Artifacts } from './artifacts.js'
import { CheckpointStore } from './checkpoint-store.js'
import { emptyLedger } from './ledger.js'
import { Membership } from './membership.js'
import { CheckpointList } from './monitor/checkpoint-list.js'
import { DirectoryHistory } from './monitor/directory-history.js'
import { RunProgress } from './monitor/progress.js'
import { RunEvents } from './monitor/run-events.js'
import { Pace } from './pace.js'
import type { Resumed } from './run.js'
import type { RunContext, RunParts } from './run-context.js'
import { RunControl } from './run-control.js'
import { RunDirectory } from './run-directory.js'
import { checkSameJob } from './same-job.js'
import type { CoordinatorOptions } from './start-coordinator.js'
import { TaskQueue } from './task-queue.js'

export interface Opened {
  context: RunContext
  /** Set when a run goes on; its directory is locked. */
  resumed: Resumed | undefined
  /** Removes what an evaluation wrote aside. */
  removeScratch(): void
}

export async function openContext({ job: given, runDirectory, resume, mode }: CoordinatorOptions, parts: RunParts): Promise<Opened> {
  const training = mode === 'train'
  const directory = new RunDirectory(runDirectory)
  const keptJob = !training || resume
  const job = keptJob ? { ...readJob(join(runDirectory, 'job.yaml')), cluster: given.cluster } : given
  const resumed = training && resume ? await openRun(directory, job) : undefined
  const scratch = training ? undefined : mkdtempSync(join(tmpdir(), 'lossmith-evaluate-'))
  const artifacts = scratch === undefined ? new Artifacts(directory.artifacts) : new Artifacts(scratch, directory.artifacts)
  const membership = new Membership(training ? job : scoredAnywhere(job), version)
  return {
    context: makeContext({ job, parts, directory, artifacts, membership }, resumed),
    resumed,
    removeScratch() {
      if (scratch !== undefined) rmSync(scratch, { recursive: true, force: true })
    },
  }
}

function makeContext(own: Pick<RunContext, 'job' | 'parts' | 'directory' | 'artifacts' | 'membership'>, resumed: Resumed | undefined): RunContext {
  const { name = '', manifest } = resumed?.checkpoint ?? {}
  const { step = 0, epoch = 0 } = manifest ?? {}
  const ledger = manifest?.ledger.at(-1) ?? emptyLedger(0)
  const { job, directory } = own
  return {
    ...own,
    control: new RunControl(),
    events: new RunEvents(resumed?.past.events()),
    tasks: new TaskQueue(),
    checkpoints: new CheckpointStore(directory.checkpoints),
    saved: new CheckpointList(directory.checkpoints),
    status: { phase: 'joining', step, epoch, rowsInEpoch: 0, ledger, checkpoint: name, candidates: [], error: '' },
    plan: undefined,
    progress: new RunProgress(job),
    pace: new Pace(),
    steps: undefined,
    controller: undefined,
  }
}

/** Weights are float32 however a run trained: whatever it computed on, a CPU can score them. */
function scoredAnywhere(job: Job): Job {
  return { ...job, train: { ...job.train, precision: 'float32' }, cluster: { ...job.cluster, exchange: 'tree' } }
}

/** The newest checkpoint after its hashes agree, and the growing files cut to its lengths; all of it under the directory's lock. */
async function openRun(directory: RunDirectory, job: Job): Promise<Resumed> {
  directory.lock()
  try {
    const data = directory.readData()
    if (data !== undefined) checkSameJob(data.job, job, directory.path)
    const checkpoint = await loadNewestCheckpoint(directory.checkpoints)
    directory.cut(checkpoint?.manifest.lengths ?? { metrics: 0, rejects: 0 }, checkpoint?.manifest.step ?? 0)
    const past = new DirectoryHistory(directory.path)
    past.refresh()
    return { checkpoint, data, past }
  } catch (error) {
    directory.unlock()
    throw error
  }
}
