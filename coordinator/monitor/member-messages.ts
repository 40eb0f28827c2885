/** The workers of a run as Describe and the event of a new generation tell them. By rank. */
import type { Member__Output as MemberMessage } from '../../proto/generated/lossmith/v1/Member.js'
import { deviceOf, type Membership } from '../membership.js'

export function memberMessages(membership: Membership): MemberMessage[] {
  return membership.ranks.map((member) => ({
    member: member.name,
    host: member.request.host,
    pid: member.request.pid,
    rank: member.rank,
    device: deviceOf(member),
    threads: member.request.threads,
    firstLane: member.lanes.first,
    laneCount: member.lanes.count,
    heartbeatAgeMs: Date.now() - member.lastHeardMs,
    cpuClass: member.request.cpuClass,
  }))
}
