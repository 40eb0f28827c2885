/** The workers of a run as Describe and the event of a new generation tell them. By rank. */
import type { Member__Output as MemberMessage } from '../../proto/generated/lossmith/v1/Member.js'
import type { Membership } from '../membership.js'

export function memberMessages(membership: Membership): MemberMessage[] {
  return membership.ranks.map(({ name, request, rank, lanes, placement, gpu, lastHeardMs }) => ({
    member: name,
    host: request.host,
    pid: request.pid,
    rank,
    device: gpu === null ? placement.device : `${placement.device} ${gpu.ordinal} (${gpu.name})`,
    threads: request.threads,
    firstLane: lanes.first,
    laneCount: lanes.count,
    heartbeatAgeMs: Date.now() - lastHeardMs,
    cpuClass: request.cpuClass,
  }))
}
