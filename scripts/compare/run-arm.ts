/** One run of a comparison, as `train` does it. A run that has ended is taken as it is, one that was cut off goes on; one of another job is refused. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { configError, LossmithError } from '../../common/errors.js'
import type { Job } from '../../common/job/job.js'
import { printJob, readJob } from '../../common/job/parse-job.js'
import { jobDifferences } from '../../coordinator/same-job.js'
import { type KeptResult, keepResult, readResult } from '../kept-result.js'
import { runHere } from '../run-here.js'
import type { Terminal } from '../terminal.js'

export interface ArmRun {
  /** null: it diverged, its loss was not finite. */
  readonly result: KeptResult | null
  /** Exit code of a signal that stopped it before its end. */
  readonly interrupted: number | null
  /** It had ended before. */
  readonly kept: boolean
}

export async function runArm(options: { job: Job; runDirectory: string; threads: number; terminal: Terminal }): Promise<ArmRun> {
  const { job, runDirectory, threads, terminal } = options
  const resume = existsSync(join(runDirectory, 'job.yaml'))
  if (resume) checkSame(job, runDirectory)
  const ended = readResult(runDirectory)
  if (ended?.ok) return { result: ended, interrupted: null, kept: true }
  const coordinator = {
    job,
    jobYaml: printJob(job),
    runDirectory,
    resume,
    mode: 'train' as const,
    listen: '127.0.0.1:0',
    insecure: false,
    tensorboard: true,
  }
  try {
    const { result, interrupted } = await runHere({ terminal, coordinator, threads, tlsCa: undefined })
    const facts = { ok: result.status === 'done', ...result }
    keepResult(runDirectory, facts)
    return { result: facts, interrupted: facts.ok ? null : (interrupted ?? 130), kept: false }
  } catch (error) {
    // A loss that diverges is an answer, not a failure of the comparison.
    if (error instanceof LossmithError && error.code === 'loss-not-finite') return { result: null, interrupted: null, kept: false }
    throw error
  }
}

/** The number of workers changes no result; all else does. */
function checkSame(job: Job, runDirectory: string): void {
  const path = join(runDirectory, 'job.yaml')
  const changed = jobDifferences(readJob(path), job, ['cluster'])
  if (changed.length === 0) return
  const problems = changed.map(({ path: key, wanted, got }) => `${key} ${wanted} there, ${got} now`).join('; ')
  throw configError('job-changed', `[compare] wanted the job of ${path}, got another one: ${problems}. Another --out keeps both`)
}
