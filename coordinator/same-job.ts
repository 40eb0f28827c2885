/** A run goes on with the job it began with. What the job.yaml of its directory may change is how long and how watched it trains, not what. */
import { configError } from '../common/errors.js'
import type { Job } from '../common/job/job.js'

const free = [
  'name',
  'train.epochs',
  'train.maxSteps',
  'train.determinism',
  'train.precision',
  'data.maxRejects',
  'evaluate',
  'checkpoint',
  'cluster',
]

/** Config error job-changed names every other key that differs. */
export function checkSameJob(began: Partial<Job>, now: Job, directory: string): void {
  const changed = jobDifferences(began, now, free)
  if (changed.length === 0) return
  const problems = changed.map(({ path, wanted, got }) => `${path}: wanted ${wanted} as the run began, got ${got}`).join('\n')
  throw configError('job-changed', `[resume] ${directory}/job.yaml: ${problems}\n(${free.join(', ')} may change; for anything else start a new run)`)
}

export interface JobDifference {
  path: string
  wanted: string
  got: string
}

/** Every key in which two jobs differ, without those that are free. */
export function jobDifferences(before: Partial<Job>, now: Job, free: readonly string[]): JobDifference[] {
  return differences('', before, now, free)
}

function differences(path: string, before: unknown, now: unknown, free: readonly string[]): JobDifference[] {
  if (free.includes(path)) return []
  if (isMapping(before) && isMapping(now)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(now)])]
    return keys.flatMap((key) => differences(path === '' ? key : `${path}.${key}`, before[key], now[key], free))
  }
  const [wanted, got] = [before, now].map((value) => (value === undefined ? 'none' : JSON.stringify(value)))
  return wanted === got ? [] : [{ path, wanted: wanted!, got: got! }]
}

const isMapping = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)
