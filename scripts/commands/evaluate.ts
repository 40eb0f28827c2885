import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join, resolve } from 'node:path'
import { configError } from '../../common/errors.js'
import type { Job } from '../../common/job/job.js'
import { hasSplit, printJob, readJob } from '../../common/job/parse-job.js'
import { clusterSettings } from '../cluster-settings.js'
import { describeMetric } from '../describe-metric.js'
import { runHere } from '../run-here.js'
import type { Terminal } from '../terminal.js'

export interface EvaluateOptions {
  readonly split: 'train' | 'validation' | 'test'
  readonly files?: string[]
  readonly checkpoint?: string
  readonly workers?: number
  readonly threads?: number
  readonly device?: Job['cluster']['device']
}

/** Scores a split of a run's input, or other files, with a checkpoint of the run. The run's directory stays as it is. */
export async function evaluate(
  run: string,
  { split, files, checkpoint, workers, threads, device }: EvaluateOptions,
  terminal: Terminal,
): Promise<number> {
  const kept = join(run, 'job.yaml')
  if (!existsSync(kept)) throw configError('run-missing', `wanted the directory of a run, found no ${kept}`)
  const job = readJob(kept, [...clusterSettings({ workers, device }), ...(device === 'cpu' ? cpuSettings : [])])
  if (files === undefined && split !== 'train' && !hasSplit(job, split)) {
    throw configError('split-empty', `wanted a split that the job has, got ${split}: see data.split in ${kept}, or --files`)
  }
  const request = { split, ...(files && { files: files.map((file) => resolve(file)) }), ...(checkpoint !== undefined && { checkpoint }) }
  for (const file of request.files ?? []) if (!existsSync(file)) throw configError('file-unusable', `--files: wanted a file, found none at ${file}`)
  const each = threads ?? Math.max(1, Math.floor(availableParallelism() / job.cluster.workers))
  const options = { job, jobYaml: printJob(job), runDirectory: resolve(run), resume: false, listen: '127.0.0.1:0', insecure: false }
  const { result, interrupted } = await runHere({
    terminal,
    coordinator: { ...options, mode: { evaluate: request } },
    threads: each,
    tlsCa: undefined,
  })
  const [metric] = result.metrics
  if (metric === undefined) return interrupted ?? 130
  const text = `${metric.split}, ${metric.examples.toLocaleString('en')} rows: ${describeMetric(metric, 6)}`
  terminal.result(text, { ok: true, ...metric, checkpoint: result.checkpoint, seconds: result.seconds })
  return 0
}

/** What a job that says cluster.device: cpu may not ask for; scores need none of it. */
const cpuSettings = ['train.precision=float32', 'cluster.exchange=tree']
