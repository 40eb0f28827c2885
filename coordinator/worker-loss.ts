/**
 * Who was lost, when several complain. A dead worker breaks everybody's collective, so a worker that reports a broken collective is a
 * messenger: the culprit is the one that fell silent, left, or whose stream broke without a report of its own. Evidence against one ends the
 * run at once; a report alone ends it when lostAfterMs brought no evidence, or when everybody has reported and so is alive.
 */
import { type LossmithError, transientError } from '../common/errors.js'
import type { Failure__Output as Failure } from '../proto/generated/lossmith/v1/Failure.js'
import { describeMember, type Member, type Membership } from './membership.js'
import { failureError } from './task-queue.js'

export class WorkerLoss {
  private readonly membership: Membership
  private readonly lostAfterMs: number
  private readonly fail: (error: LossmithError) => void
  private readonly reports = new Map<string, LossmithError>()
  private timer: NodeJS.Timeout | undefined

  constructor(membership: Membership, lostAfterMs: number, fail: (error: LossmithError) => void) {
    this.membership = membership
    this.lostAfterMs = lostAfterMs
    this.fail = fail
    membership.onSilence = (member, silentMs) => this.lost(member, `not heard of for ${(silentMs / 1000).toFixed(1)} s`)
  }

  /** `what` completes "worker X was lost: ". */
  lost(member: Member, what: string): void {
    if (this.reports.has(member.name)) return
    // Nobody waits until it has heard of the end.
    member.gone = true
    clearTimeout(this.timer)
    this.fail(transientError('worker-lost', `worker ${describeMember(member)} was lost: ${what}`))
  }

  /** A task of `member` failed. */
  reported(member: Member, failure: Failure): void {
    const { kind, code, message } = failureError(failure)
    const error = failureError({ kind, code, message: `worker ${describeMember(member)}: ${message}` })
    if (!isCollective(failure)) {
      clearTimeout(this.timer)
      this.fail(error)
      return
    }
    if (!this.reports.has(member.name)) this.reports.set(member.name, error)
    const first = [...this.reports.values()][0]!
    if (this.membership.ranks.every(({ name }) => this.reports.has(name))) {
      clearTimeout(this.timer)
      this.fail(first)
    } else this.timer ??= setTimeout(() => this.fail(first), this.lostAfterMs * patience)
  }

  close(): void {
    clearTimeout(this.timer)
  }
}

/** Silence is found up to a tenth of lostAfterMs late (membership.ts). */
const patience = 1.2

const isCollective = ({ kind, code }: Failure) => kind === 'transient' || code.startsWith('collective')
