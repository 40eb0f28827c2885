/**
 * A job file, plus --set, becomes a Job with defaults, or is refused with every problem found:
 * the path of the key, what was wanted, what was got and the nearest valid name.
 */
import { readFileSync, statSync } from 'node:fs'
import { basename, dirname, extname, resolve } from 'node:path'
import { parseDocument, stringify } from 'yaml'
import { configError } from '../errors.js'
import { type Check, checkValue, got } from './check-value.js'
import type { Job } from './job.js'
import { jobSchema } from './job-schema.js'
import { controllerOf } from './loss.js'
import { lossProblems } from './loss-schema.js'
import { setValue } from './set-value.js'

export interface ParseOptions {
  /** Where the text comes from: stands in messages; relative paths start at its folder, those of `set` at the current one. */
  readonly file: string
  /** `path=value`, later ones win. */
  readonly set?: readonly string[]
}

/** Throws config errors `job-missing`, `job-invalid`, `set-invalid`. */
export function readJob(file: string, set: readonly string[] = []): Job {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    throw configError('job-missing', `wanted a job file at ${resolve(file)}, ${code === 'ENOENT' ? 'found none' : `cannot read it (${code})`}`)
  }
  return parseJob(text, { file, set })
}

export function parseJob(text: string, { file, set = [] }: ParseOptions): Job {
  const raw = parseYaml(text, file)
  const assigned = set.map((assignment) => setValue(raw, assignment))
  const check: Check = { problems: [], folderOf: (path) => (isWithin(path, assigned) ? process.cwd() : dirname(resolve(file))) }
  const job = checkValue(raw, jobSchema, '', check) as Job
  if (check.problems.length === 0) fillComputed(job, file)
  if (check.problems.length === 0) checkTogether(job, check.problems)
  if (check.problems.length > 0) throw configError('job-invalid', `${file}: ${check.problems.join(`\n${file}: `)}`)
  return job
}

/** Whether a place of the job lies in what one of the assignments set. */
const isWithin = (path: string, assigned: readonly string[]) =>
  assigned.some((whole) => path === whole || path.startsWith(`${whole}.`) || path.startsWith(`${whole}[`))

/** The resolved job as YAML: valid input again, and then the same job. */
export const printJob = (job: Job): string => stringify(job)

/** Refuses input files that this machine cannot see or that are empty: what `train` can know before any worker starts. */
export function checkFilesHere(job: Job): void {
  const lists = { 'data.train': job.data.train, 'data.validation': job.data.validation, 'data.test': job.data.test }
  const problems = Object.entries(lists).flatMap(([path, files]) => files.flatMap((file, i) => fileProblem(`${path}[${i}]`, file)))
  if (job.model.kind === 'file') problems.push(...fileProblem('model.path', job.model.path))
  if (problems.length > 0) throw configError('file-unusable', problems.join('\n'))
}

function parseYaml(text: string, file: string): Record<string, unknown> {
  if (text.includes('\0')) throw configError('job-invalid', `${file}: wanted YAML, got a binary file`)
  const document = parseDocument(text)
  const [error] = document.errors
  if (error) throw configError('job-invalid', `${file}: wanted YAML, got ${error.message.trim()}`)
  const raw: unknown = document.toJS()
  if (raw === null || raw === undefined) return {}
  if (typeof raw !== 'object' || Array.isArray(raw)) throw configError('job-invalid', `${file}: wanted keys and values, got ${got(raw)}`)
  return raw as Record<string, unknown>
}

function fillComputed(job: Job, file: string): void {
  job.name ??=
    basename(file, extname(file))
      .replace(/[^\w.-]/g, '-')
      .slice(0, 100) || 'run'
  job.loss ??= { mode: 'one', candidates: [{ name: job.data.classes === 1 ? 'bce' : 'ce' }] }
  if (job.data.format === 'delimited') job.data.delimiter ??= /\.tsv(\.gz)?$/.test(job.data.train[0]!) ? '\t' : ','
  const { split } = job.data
  // A new object: its keys stay in the order of the schema.
  if (split.by !== 'files') job.data.split = { ...split, validation: split.validation ?? (controllerOf(job.loss) === null ? 0 : 0.1) }
  job.evaluate.everyEpoch ??= hasSplit(job, 'validation') ? ['validation'] : []
}

/** Whether the job sets rows aside for a split. */
export function hasSplit(job: Job, split: 'validation' | 'test'): boolean {
  return job.data.split.by === 'files' ? job.data[split].length > 0 : job.data.split[split] > 0
}

/** What one key alone cannot show. */
function checkTogether(job: Job, problems: string[]): void {
  const { batch, lanes } = job.train
  const { split } = job.data
  if (batch < lanes) problems.push(`train.batch: wanted at least train.lanes (${lanes}), got ${batch}`)
  else if (batch % lanes !== 0)
    problems.push(`train.batch: wanted a multiple of train.lanes (${lanes}), got ${batch}; ${nearMultiples(batch, lanes)}`)
  if (job.cluster.workers > lanes) problems.push(`cluster.workers: wanted at most train.lanes (${lanes}), got ${job.cluster.workers}`)
  if (job.cluster.lostAfterMs < 3 * job.cluster.heartbeatMs) {
    problems.push(
      `cluster.lostAfterMs: wanted at least three times cluster.heartbeatMs (${3 * job.cluster.heartbeatMs}), got ${job.cluster.lostAfterMs}`,
    )
  }
  problems.push(...deviceProblems(job))
  if (job.data.classes === 1 && job.data.firstClass !== 0)
    problems.push(`data.firstClass: wanted 0 because data.classes is 1, got ${job.data.firstClass}`)
  if (split.by === 'files') {
    if (job.data.test.length === 0) problems.push('data.test: wanted at least one file because data.split.by is files, got none')
  } else {
    if (split.validation + split.test >= 1) {
      problems.push(`data.split: wanted validation + test below 1, so that rows are left to train on, got ${split.validation} + ${split.test}`)
    }
    for (const name of ['validation', 'test'] as const) {
      if (job.data[name].length > 0)
        problems.push(`data.${name}: wanted no files because data.split.by is ${split.by}, got ${job.data[name].length}; set data.split.by to files`)
    }
  }
  problems.push(...lossProblems(job))
  job.evaluate.everyEpoch.forEach((name, i) => {
    if (!hasSplit(job, name))
      problems.push(`evaluate.everyEpoch[${i}]: wanted a split that has rows, got ${name}, for which data.split sets none aside`)
  })
}

function deviceProblems({ train: { precision, determinism }, cluster: { device, exchange } }: Job): string[] {
  const problems: string[] = []
  if (device === 'cpu' && precision !== 'float32') problems.push(`train.precision: wanted float32 because cluster.device is cpu, got ${precision}`)
  if (exchange === 'tree') return problems
  if (device === 'cpu') problems.push(`cluster.exchange: wanted tree because cluster.device is cpu, got ${exchange}`)
  if (determinism)
    problems.push(
      `cluster.exchange: wanted tree, got ${exchange}, whose sums depend on the number of workers: allow that by train.determinism: false`,
    )
  return problems
}

function nearMultiples(batch: number, lanes: number): string {
  const below = Math.floor(batch / lanes) * lanes
  return `nearest are ${below} and ${below + lanes}`
}

function fileProblem(path: string, file: string): string[] {
  const facts = statSync(file, { throwIfNoEntry: false })
  if (!facts) return [`${path}: wanted a file, found none at ${file}`]
  if (!facts.isFile()) return [`${path}: wanted a file, got ${facts.isDirectory() ? 'a folder' : 'something else'} at ${file}`]
  return facts.size === 0 ? [`${path}: wanted rows, got an empty file at ${file}`] : []
}
