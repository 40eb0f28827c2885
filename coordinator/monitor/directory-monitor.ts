/**
 * A run directory as a Monitor: what is on disk of a run that has ended, or that no coordinator works on. It takes no requests. Each call reads what
 * the files have got since the last one.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { listCheckpoints } from '../../common/checkpoint/list-checkpoints.js'
import { type Manifest, readManifest } from '../../common/checkpoint/manifest.js'
import { configError } from '../../common/errors.js'
import type { Job } from '../../common/job/job.js'
import { readJob } from '../../common/job/parse-job.js'
import { version } from '../../common/version.js'
import { emptyLedger } from '../ledger.js'
import { candidateLabels } from './candidate-labels.js'
import { CheckpointList } from './checkpoint-list.js'
import { DirectoryHistory } from './directory-history.js'
import type { Monitor, RunDescription } from './monitor-client.js'

const defaultHistory = 1000

/** @throws config `run-missing` */
export function directoryMonitor(path: string): Monitor {
  const run = new StoredRun(path)
  const refused = async () => ({ accepted: false, reason: `wanted a run that a coordinator works on, got the directory ${run.path}` })
  return {
    describe: () => run.describe(),
    async *watch({ fromStep = 0, history = 0, signal } = {}) {
      run.history.refresh()
      for (const event of run.history.events(fromStep, history > 0 ? history : defaultHistory)) {
        if (signal?.aborted) return
        yield event
      }
    },
    progress: async () => ({ epoch: 0, files: [], lanes: [] }),
    pause: refused,
    resume: refused,
    checkpoint: refused,
    stop: refused,
    moveLanes: refused,
    close: () => undefined,
  }
}

class StoredRun {
  readonly path: string
  readonly history: DirectoryHistory
  private readonly job: Job
  private readonly jobYaml: string
  private readonly checkpoints: CheckpointList

  constructor(path: string) {
    this.path = resolve(path)
    const file = join(this.path, 'job.yaml')
    if (!existsSync(file)) throw configError('run-missing', `[run] wanted the directory of a run, found no ${file}`)
    this.job = readJob(file)
    this.jobYaml = readFileSync(file, 'utf8')
    this.checkpoints = new CheckpointList(join(this.path, 'checkpoints'))
    this.history = new DirectoryHistory(this.path)
  }

  async describe(): Promise<RunDescription> {
    const { job, history } = this
    history.refresh()
    const manifest = await this.newestManifest()
    const { phase = '', detail = '' } = history.phase ?? {}
    const { generation = 0, members = [] } = history.members ?? {}
    const { step, epoch } = history.lastStep ?? { step: manifest?.step ?? 0, epoch: manifest?.epoch ?? 0 }
    return {
      name: job.name,
      directory: this.path,
      version,
      phase,
      jobYaml: this.jobYaml,
      ...{ generation, step, epoch, epochs: job.train.epochs, members },
      ledger: manifest?.ledger.at(-1) ?? emptyLedger(epoch),
      rowsInEpoch: 0,
      error: phase === 'failed' ? detail : '',
      startedUnixMs: history.startedUnixMs,
      lanes: job.train.lanes,
      batch: job.train.batch,
      rejects: history.rejectCount,
      checkpoints: await this.checkpoints.list(),
      candidates: candidateLabels(job),
      live: false,
      paused: phase === 'paused',
    }
  }

  /** Not checked against its files: a run is shown, not loaded. */
  private async newestManifest(): Promise<Manifest | undefined> {
    const name = (await listCheckpoints(join(this.path, 'checkpoints'))).at(-1)
    return name === undefined ? undefined : readManifest(join(this.path, 'checkpoints', name))
  }
}
