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
import type { Piece__Output as Piece } from '../../proto/generated/lossmith/v1/Piece.js'
import type { ProgressReply__Output as ProgressReply } from '../../proto/generated/lossmith/v1/ProgressReply.js'
import { dealBlocks } from '../deal-blocks.js'
import { emptyLedger } from '../ledger.js'
import { piecesOf } from '../prepare-input.js'
import { RunDirectory } from '../run-directory.js'
import { candidateLabels } from './candidate-labels.js'
import { CheckpointList } from './checkpoint-list.js'
import { DirectoryHistory } from './directory-history.js'
import type { Monitor, RunDescription } from './monitor-client.js'
import { type ReadInput, RunProgress } from './progress.js'

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
    progress: (cells = 0) => run.progress(cells),
    pause: refused,
    resume: refused,
    checkpoint: refused,
    stop: refused,
    moveLanes: refused,
    close: () => undefined,
  }
}

interface StoredInput extends ReadInput {
  readonly training: Piece[]
  /** Of one epoch. */
  readonly rows: number
}

class StoredRun {
  readonly path: string
  readonly history: DirectoryHistory
  private readonly job: Job
  private readonly jobYaml: string
  private readonly checkpoints: CheckpointList
  private read: StoredInput | undefined
  /** Of the newest checkpoint that was asked about. */
  private reached: { of: string; progress: RunProgress } | undefined

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
      rowsInEpoch: this.input()?.rows ?? 0,
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

  /** As the newest checkpoint has it: what was read after it is read again when the run goes on. */
  async progress(cells: number): Promise<ProgressReply> {
    const { job, history } = this
    history.refresh()
    const input = this.input()
    const manifest = await this.newestManifest()
    if (input === undefined) return { epoch: 0, files: [], lanes: [] }
    const { step, epoch, epochDone, cursors } = manifest ?? { step: 0, epoch: 1, epochDone: false, cursors: [] }
    const of = `${step} ${epochDone}`
    if (this.reached?.of !== of) {
      const progress = new RunProgress(job)
      progress.begin(input, { epoch, dealt: dealBlocks(input.training, job.train.lanes, job.seed, epoch), cursors })
      if (epochDone) progress.end()
      this.reached = { of, progress }
    }
    const { members = [] } = history.members ?? {}
    const rankOf = (lane: number) => members.find(({ firstLane, laneCount }) => lane >= firstLane && lane < firstLane + laneCount)?.rank ?? -1
    return this.reached.progress.describe(cells, rankOf)
  }

  /** What the run reads, once its index is there. */
  private input(): StoredInput | undefined {
    if (this.read !== undefined) return this.read
    const data = new RunDirectory(this.path).readData()
    if (data === undefined) return undefined
    const pieces = piecesOf(this.job, data.indexes)
    const training = pieces.filter(({ split }) => split === 'train')
    const rows = training.reduce((sum, { take }) => sum + take, 0)
    this.read = { paths: data.files.map(({ path }) => path), pieces, training, rows }
    return this.read
  }

  /** Not checked against its files: a run is shown, not loaded. */
  private async newestManifest(): Promise<Manifest | undefined> {
    const name = (await listCheckpoints(join(this.path, 'checkpoints'))).at(-1)
    return name === undefined ? undefined : readManifest(join(this.path, 'checkpoints', name))
  }
}
