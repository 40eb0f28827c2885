import { existsSync, readdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { basename, join, relative, resolve } from 'node:path'
import { configError } from '../../common/errors.js'
import type { Job } from '../../common/job/job.js'
import { checkFilesHere, printJob, readJob } from '../../common/job/parse-job.js'
import { clusterSettings } from '../cluster-settings.js'
import { keepResult } from '../kept-result.js'
import { type ListenFlags, listenOptions } from '../listen-flags.js'
import { runHere } from '../run-here.js'
import { describeResult } from '../run-report.js'
import type { Terminal } from '../terminal.js'

export interface TrainOptions extends ListenFlags {
  readonly workers?: number
  readonly threads?: number
  readonly device?: Job['cluster']['device']
  readonly run?: string
  readonly resume?: string
  readonly set: string[]
  readonly printJob?: true
  readonly metrics?: string
  readonly tensorboard: boolean
  readonly dashboard?: true
  readonly tlsCa?: string
}

/** Coordinator and workers on this machine. */
export async function train(file: string | undefined, options: TrainOptions, terminal: Terminal): Promise<number> {
  return startRun(file, options, terminal, (job) => options.threads ?? Math.max(1, Math.floor(availableParallelism() / job.cluster.workers)))
}

/** The coordinator alone: workers join from other machines. */
export async function coordinator(file: string | undefined, options: TrainOptions, terminal: Terminal): Promise<number> {
  return startRun(file, options, terminal, () => null)
}

async function startRun(
  file: string | undefined,
  options: TrainOptions,
  terminal: Terminal,
  threadsFor: (job: Job) => number | null,
): Promise<number> {
  const job = options.resume === undefined ? newJob(file, options) : resumedJob(options.resume, file, options)
  if (options.printJob) {
    terminal.result(printJob(job).trimEnd(), { ok: true, job })
    return 0
  }
  const threads = threadsFor(job)
  if (threads !== null) checkFilesHere(job)
  const runDirectory = resolve(options.resume ?? options.run ?? freshDirectory(job.name))
  terminal.about(() => ({ run: basename(runDirectory) }))
  const { metrics, tensorboard } = options
  const common = { metrics, tensorboard, job, jobYaml: printJob(job), runDirectory, resume: options.resume !== undefined, mode: 'train' as const }
  try {
    const { result, interrupted } = await runHere({
      terminal,
      coordinator: { ...common, ...listenOptions(options, terminal) },
      threads,
      tlsCa: options.tlsCa,
      dashboard: options.dashboard === true,
    })
    const again = result.status === 'stopped' ? resumeHint(runDirectory) : null
    const facts = { ok: result.status === 'done', ...result }
    keepResult(runDirectory, facts)
    if (options.dashboard) terminal.note(`to look at it again: lossmith dashboard ${fromHere(runDirectory)}`, { event: 'hint', runDirectory })
    terminal.result(`${describeResult(result)}${again === null ? '' : `\n${again}`}`, facts)
    return result.status === 'done' ? 0 : (interrupted ?? 130)
  } catch (error) {
    const again = resumeHint(runDirectory)
    if (again !== null) terminal.note(again, { event: 'resumable', runDirectory })
    throw error
  }
}

function newJob(file: string | undefined, { workers, device, set }: TrainOptions): Job {
  if (file === undefined) throw configError('usage', 'wanted a job file, or --resume with the directory of a run')
  return readJob(file, [...set, ...clusterSettings({ workers, device })])
}

/** The run keeps its job; only the cluster it runs on may be another one. */
function resumedJob(directory: string, file: string | undefined, { workers, device, set, run }: TrainOptions): Job {
  if (file !== undefined || run !== undefined)
    throw configError('usage', 'a run that is resumed has its job and its directory: wanted --resume DIR alone')
  const other = set.find((assignment) => !assignment.trimStart().startsWith('cluster.'))
  if (other !== undefined) throw configError('usage', `a run that is resumed keeps its job: wanted --set of cluster.… only, got --set ${other}`)
  const kept = join(directory, 'job.yaml')
  if (!existsSync(kept)) throw configError('run-missing', `wanted the directory of a run, found no ${kept}`)
  return readJob(kept, [...set, ...clusterSettings({ workers, device })])
}

/** runs/<name>-<time>, with a number when that is taken. */
function freshDirectory(name: string): string {
  const now = new Date()
  const two = (value: number) => String(value).padStart(2, '0')
  const date = `${now.getFullYear()}${two(now.getMonth() + 1)}${two(now.getDate())}`
  const base = join('runs', `${name}-${date}-${two(now.getHours())}${two(now.getMinutes())}${two(now.getSeconds())}`)
  for (let i = 1; ; i++) {
    const candidate = i === 1 ? base : `${base}-${i}`
    if (!existsSync(candidate)) return candidate
  }
}

function resumeHint(runDirectory: string): string | null {
  const checkpoints = join(runDirectory, 'checkpoints')
  if (!existsSync(checkpoints) || !readdirSync(checkpoints).some((name) => /^step-\d+$/.test(name))) return null
  return `to go on from the last checkpoint: lossmith train --resume ${fromHere(runDirectory)}`
}

function fromHere(path: string): string {
  const short = relative(process.cwd(), path)
  return short.startsWith('..') ? path : short
}
