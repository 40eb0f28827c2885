/**
 * Who is of the run. Workers join until all are here, then the membership is fixed (generation 1) and ranks go by name; lanes that move between
 * them begin a new generation. A worker that falls silent before the first is only struck off the list; after that its loss is the run's end
 * (worker-loss.ts).
 */
import { refusedError, transientError } from '../common/errors.js'
import type { Job } from '../common/job/job.js'
import type { Gpu__Output as Gpu } from '../proto/generated/lossmith/v1/Gpu.js'
import type { JoinRequest__Output as JoinRequest } from '../proto/generated/lossmith/v1/JoinRequest.js'
import { choosePlacement, dealGpus, type Placement } from './choose-device.js'
import { dealLanes, type LaneRange, rangesOf } from './deal-lanes.js'
import type { LaneCount } from './move-lanes.js'

export interface Member {
  readonly name: string
  readonly request: JoinRequest
  rank: number
  lanes: LaneRange
  readonly placement: Placement
  /** Set with the rank; null on a CPU. */
  gpu: Gpu | null
  lastHeardMs: number
  /** It knows that the run is over: nothing more is expected of it. */
  gone: boolean
}

export class Membership {
  generation = 0
  /** Told when a member of a fixed membership was silent for longer than lostAfterMs. */
  onSilence: (member: Member, silentMs: number) => void = () => undefined
  onChange: (message: string) => void = () => undefined
  private readonly job: Job
  private readonly version: string
  private readonly members = new Map<string, Member>()
  private readonly watch: NodeJS.Timeout
  private watchedMs = Date.now()
  private full: (() => void) | undefined

  constructor(job: Job, version: string) {
    this.job = job
    this.version = version
    const everyMs = Math.max(20, Math.min(job.cluster.heartbeatMs, job.cluster.lostAfterMs / 10))
    this.watch = setInterval(() => this.lookForSilence(everyMs), everyMs)
  }

  /** Admits or refuses; the message says what was wanted and what was got. */
  join(request: JoinRequest): Member {
    const { cluster, train } = this.job
    const name = request.name || `${request.host}:${request.pid}`
    const refuse = (code: string, wanted: string, got: string) => refusedError(code, `[join] ${name}: wanted ${wanted}, got ${got}`)
    if (request.version !== this.version) throw refuse('version-mismatch', `version ${this.version}`, `version ${request.version}`)
    const known = this.members.get(name)
    if (known !== undefined) {
      // The reply to an earlier join was lost, or someone else bears the name.
      if (known.request.host === request.host && known.request.pid === request.pid) return known
      throw refuse('name-taken', 'a name of its own', `the name of ${known.request.host}:${known.request.pid}`)
    }
    if (this.generation > 0) throw refuse('run-started', 'to join before the run started', `a run that has its ${this.members.size} workers`)
    const first = [...this.members.values()][0]
    const placement = choosePlacement(this.job, request, first)
    if ('code' in placement) throw refuse(placement.code, placement.wanted, placement.got)
    if (first !== undefined && train.determinism && placement.device === 'cpu' && first.request.cpuClass !== request.cpuClass)
      throw refuse(
        'cpu-class-mismatch',
        `CPU class "${first.request.cpuClass}" as ${first.name} has (results would depend on who computes; train.determinism: false allows it)`,
        `"${request.cpuClass}"`,
      )
    if (cluster.workers > train.lanes)
      throw refuse('too-many-workers', `at most ${train.lanes} workers, one a lane`, `cluster.workers ${cluster.workers}`)
    const member = { name, request, rank: -1, lanes: { first: 0, count: 0 }, placement, gpu: null, lastHeardMs: Date.now(), gone: false }
    this.members.set(name, member)
    this.onChange(`worker ${describeMember(member)} joined, ${this.members.size} of ${cluster.workers}`)
    if (this.members.size === cluster.workers) this.fix()
    return member
  }

  /** Resolves when all are here; rejects after the join timeout with the names of those who came. */
  async whenFull(): Promise<Member[]> {
    const { workers, joinTimeoutSeconds } = this.job.cluster
    if (this.generation === 0)
      await new Promise<void>((resolve, reject) => {
        const timer = setTimeout(() => {
          const here = [...this.members.keys()].sort()
          const got = here.length === 0 ? 'none' : `${here.length}: ${here.join(', ')}`
          reject(transientError('join-timeout', `[join] wanted ${workers} workers within ${joinTimeoutSeconds} s, got ${got}`))
        }, joinTimeoutSeconds * 1000)
        this.full = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    return this.ranks
  }

  get(name: string): Member | undefined {
    return this.members.get(name)
  }

  /** By rank. */
  get ranks(): Member[] {
    return [...this.members.values()].sort((a, b) => a.rank - b.rank)
  }

  /** By rank. */
  get laneCounts(): LaneCount[] {
    return this.ranks.map(({ name, lanes }) => ({ name, count: lanes.count }))
  }

  /** Lanes by rank for the same members: a new generation. */
  redeal(counts: readonly LaneCount[]): void {
    this.generation++
    const lanes = rangesOf(counts.map(({ count }) => count))
    for (const member of this.ranks) member.lanes = lanes[member.rank]!
    this.onChange(`generation ${this.generation}, lanes: ${counts.map(({ name, count }) => `${name} ${count}`).join(', ')}`)
  }

  heard(member: Member): void {
    member.lastHeardMs = Date.now()
  }

  remove(member: Member): void {
    this.members.delete(member.name)
  }

  /** Resolves when every member has learnt of the end, or after `timeoutMs`. */
  async whenGone(timeoutMs: number): Promise<void> {
    const until = Date.now() + timeoutMs
    while (Date.now() < until && this.ranks.some((member) => !member.gone)) await new Promise((resolve) => setTimeout(resolve, 20))
  }

  close(): void {
    clearInterval(this.watch)
    this.full?.()
  }

  private fix() {
    this.generation = 1
    const named = [...this.members.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
    const lanes = dealLanes(this.job.train.lanes, named.length)
    const gpus = dealGpus(named.map(({ placement }) => placement.gpus))
    named.forEach((member, rank) => {
      member.rank = rank
      member.gpu = gpus[rank]!
      member.lanes = lanes[rank]!
    })
    this.onChange(describeDevices(this.job, named))
    this.full?.()
  }

  private lookForSilence(everyMs: number) {
    const now = Date.now()
    // If this process itself was stopped for a while, nobody could be heard: that time counts for nobody.
    const stoppedMs = now - this.watchedMs - everyMs
    this.watchedMs = now
    for (const member of [...this.members.values()]) {
      if (stoppedMs > everyMs) member.lastHeardMs += stoppedMs
      const silentMs = now - member.lastHeardMs
      if (silentMs <= this.job.cluster.lostAfterMs || member.gone) continue
      if (this.generation > 0) this.onSilence(member, silentMs)
      else {
        this.remove(member)
        this.onChange(`worker ${describeMember(member)} fell silent before the run started`)
      }
    }
  }
}

export function describeMember({ name, request, rank }: Member): string {
  const place = `${request.host}:${request.pid}`
  const facts = [...(name === place ? [] : [place]), ...(rank < 0 ? [] : [`rank ${rank}`])]
  return facts.length === 0 ? name : `${name} (${facts.join(', ')})`
}

/** On what a worker computes: `cpu`, `cuda 1 (NVIDIA H100)`. */
export const deviceOf = ({ gpu, placement: { device } }: Member): string => (gpu === null ? device : `${device} ${gpu.ordinal} (${gpu.name})`)

/** On what a run computes; of GPUs each one with its workers. */
function describeDevices({ cluster }: Job, members: readonly Member[]): string {
  const { placement, request } = members[0]!
  if (placement.device === 'cpu') return `computing on the CPU${cluster.device === 'auto' && request.noGpu !== '' ? `: ${request.noGpu}` : ''}`
  const workers = new Map<string, string[]>()
  for (const { name, request, gpu } of members) {
    const of = `${gpu!.name} (GPU ${gpu!.ordinal} of ${request.host})`
    workers.set(of, [...(workers.get(of) ?? []), name])
  }
  return `computing on ${[...workers].map(([gpu, names]) => `${gpu}: ${names.join(', ')}`).join('; ')}`
}
