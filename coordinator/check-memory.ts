/**
 * Before anything is allocated: what the ranks will want of each machine's memory and of each GPU's is said, and refused where there is less.
 * What workers said when they joined counts: memory that was free then, a GPU's memory as a whole (its worker looks at what is free).
 */
import { configError } from '../common/errors.js'
import type { Job } from '../common/job/job.js'
import type { TrainingPlan } from '../model/plan.js'
import { type Demand, estimateMemory, type Parts, totalOf } from './estimate-memory.js'
import type { Member } from './membership.js'
import type { RunContext } from './run-context.js'

/** A machine or a GPU, and what its workers want of it together. */
interface Place {
  readonly name: string
  readonly kind: 'host' | 'gpu'
  /** 0: unknown. */
  readonly bytes: number
  workers: string[]
  parts: Parts
}

/** By rank; says which machine and which GPU have the least to spare. @throws config `memory-too-small` */
export function checkMemory({ job, membership, events }: RunContext, plan: TrainingPlan): Demand[] {
  const { demands, tightest } = requireMemory(job, membership.ranks, plan)
  for (const place of tightest) events.log('info', `memory, estimated: ${describePlace(place)}`)
  return demands
}

/** As above, without a word. `members`: by rank. */
export function requireMemory(job: Job, members: readonly Member[], plan: TrainingPlan): { demands: Demand[]; tightest: Place[] } {
  const demands = members.map((member) => estimateMemory(plan, shareOf(job, member, members.length)))
  const places = placesOf(members, demands)
  const ofKind = (kind: Place['kind']) => places.filter((place) => place.kind === kind && place.bytes > 0)
  const tightest = (['gpu', 'host'] as const).flatMap((kind) => ofKind(kind).toSorted((a, b) => room(a) - room(b))[0] ?? [])
  for (const place of tightest)
    if (room(place) < 0) throw configError('memory-too-small', `[memory] ${describePlace(place)}; ${settingFor(place, job)}`)
  return { demands, tightest }
}

function shareOf({ train, data }: Job, { placement, lanes, request }: Member, world: number) {
  const laneBatch = train.batch / train.lanes
  const { device } = placement
  return { device, lanes: train.lanes, laneCount: lanes.count, laneBatch, threads: request.threads, world, shuffleRows: data.shuffleRows }
}

function placesOf(members: readonly Member[], demands: readonly Demand[]): Place[] {
  const places = new Map<string, Place>()
  const add = (key: string, place: Omit<Place, 'workers' | 'parts'>, worker: string, parts: Parts) => {
    const there = places.get(key)
    places.set(key, { ...place, workers: [...(there?.workers ?? []), worker], parts: there ? plus(there.parts, parts) : parts })
  }
  members.forEach(({ name, request, gpu }, rank) => {
    const { host, gpu: onGpu } = demands[rank]!
    const free = Math.min(...members.filter((other) => other.request.host === request.host).map((other) => other.request.memoryBytes))
    add(`host ${request.host}`, { name: request.host, kind: 'host', bytes: free }, name, host)
    if (gpu !== null) add(`gpu ${gpu.uuid}`, { name: `${gpu.name} of ${request.host}`, kind: 'gpu', bytes: gpu.memoryBytes }, name, onGpu)
  })
  return [...places.values()]
}

const room = ({ bytes, parts }: Place): number => bytes - totalOf(parts)

function describePlace({ name, kind, bytes, workers, parts }: Place): string {
  const who = workers.length === 1 ? workers[0] : `${workers.length} workers`
  const total = totalOf(parts)
  const by = largestFirst(parts).flatMap(([what, size]) => (size < total / 100 ? [] : [`${what} ${inGib(size)}`]))
  return `${who} on ${name}: ${inGib(total)} GiB (${by.join(', ')}), ${kind === 'gpu' ? 'it has' : 'free are'} ${inGib(bytes)} GiB`
}

/** The job's key by which the largest part shrinks. */
function settingFor({ kind, workers, parts }: Place, job: Job): string {
  const [largest] = largestFirst(parts)[0]!
  const apart = kind === 'gpu' ? 'give each worker a GPU of its own' : 'put workers on other machines'
  const settings: Record<keyof Parts, string> = {
    tables: `lower features.rows (now ${job.features.rows}) or model.embedding`,
    parameters: 'lower model.hidden',
    gradients: `lower train.batch (now ${job.train.batch}) or model.embedding, or use more workers`,
    exchange: `lower train.batch (now ${job.train.batch}) or model.embedding`,
    programs: `lower train.batch (now ${job.train.batch}) or model.hidden, or use more workers`,
    input: `lower data.shuffleRows (now ${job.data.shuffleRows}) or train.batch (now ${job.train.batch})`,
    process: 'use fewer workers here',
  }
  return settings[largest] + (workers.length > 1 ? `, or ${apart}` : '')
}

function largestFirst(parts: Parts): [keyof Parts, number][] {
  return (Object.entries(parts) as [keyof Parts, number][]).filter(([, bytes]) => bytes > 0).sort(([, a], [, b]) => b - a)
}

function plus(a: Parts, b: Parts): Parts {
  return Object.fromEntries((Object.keys(a) as (keyof Parts)[]).map((what) => [what, a[what] + b[what]])) as unknown as Parts
}

const inGib = (bytes: number): string => (bytes / 2 ** 30).toFixed(2)
