/**
 * Step reports of all ranks, put together: a step is committed here when every rank has reported it, in the order of steps. A report without
 * examples is the tail of an epoch, rows that were read after the last example: it is a commit of the ledger but no step. What a step taught the
 * controller travels on a stream of its own: its commit waits until that is learned, whichever comes first.
 */
import { brokenError, transientError } from '../common/errors.js'
import type { LaneStep__Output as LaneStep } from '../proto/generated/lossmith/v1/LaneStep.js'
import type { StepReport__Output as StepReport } from '../proto/generated/lossmith/v1/StepReport.js'
import type { StepTimes__Output as StepTimes } from '../proto/generated/lossmith/v1/StepTimes.js'

export interface Commit {
  step: number
  epoch: number
  examples: number
  /** Σ over lanes in the order of lanes: the same number whoever owned them. */
  lossSum: number
  /** By lane. */
  lanes: LaneStep[]
  /** By rank. */
  times: StepTimes[]
  /** Sums over all examples of each candidate's weight, then of each one's loss; empty where one loss is trained. */
  candidates: number[]
  /** Of the validation objective, and how many examples the controller was shown; 0 in a step that did not teach it. */
  validationSum: number
  validationExamples: number
}

export class StepBook {
  /** The last step with examples. */
  committed = 0
  /** The last number that every rank has reported, a tail included. */
  reported = 0
  private readonly world: number
  private readonly onCommit: (commit: Commit) => void
  private readonly learned: () => number
  private readonly open = new Map<number, Map<number, StepReport>>()
  private readonly waiting = new Set<() => void>()

  /** `learned`: the last step that the controller has learned from; `advance` when it grows. */
  constructor(world: number, onCommit: (commit: Commit) => void, learned: () => number = () => Number.POSITIVE_INFINITY) {
    this.world = world
    this.onCommit = onCommit
    this.learned = learned
  }

  /** The next commit is of `firstStep`. */
  begin(firstStep: number): void {
    this.committed = this.reported = firstStep - 1
    this.open.clear()
  }

  add(rank: number, report: StepReport): void {
    if (report.step <= this.reported) return
    const reports = this.open.get(report.step) ?? new Map<number, StepReport>()
    this.open.set(report.step, reports.set(rank, report))
    this.advance()
  }

  /** Commits what may be committed. */
  advance(): void {
    for (;;) {
      const next = this.open.get(this.reported + 1)
      if (next === undefined || next.size < this.world) break
      if ([...next.values()].some(({ step, validationExamples }) => validationExamples > 0 && step > this.learned())) break
      this.open.delete(this.reported + 1)
      const commit = putTogether([...next].sort(([a], [b]) => a - b).map(([, of]) => of))
      this.reported = commit.step
      if (commit.examples > 0) this.committed = commit.step
      this.onCommit(commit)
    }
    for (const check of [...this.waiting]) check()
  }

  /** Resolves when `done()` holds after some report; transient error steps-missing after `timeoutMs`. */
  async until(done: () => boolean, what: string, timeoutMs: number): Promise<void> {
    if (done()) return
    await new Promise<void>((resolve, reject) => {
      const settle = (end: () => void) => {
        clearTimeout(timer)
        this.waiting.delete(check)
        end()
      }
      const check = () => {
        if (done()) settle(resolve)
      }
      const timer = setTimeout(
        () => settle(() => reject(transientError('steps-missing', `[steps] wanted ${what} within ${timeoutMs} ms`))),
        timeoutMs,
      )
      this.waiting.add(check)
    })
  }
}

function putTogether(reports: StepReport[]): Commit {
  const { step, epoch, examples, validationSum, validationExamples } = reports[0]!
  const lanes = reports.flatMap((report) => report.lanes).sort((a, b) => a.lane - b.lane)
  const sum = lanes.reduce((total, lane) => total + lane.examples, 0)
  const odd = reports.find((report) => report.examples !== examples || report.epoch !== epoch) ?? (sum === examples ? undefined : reports[0])
  if (odd !== undefined)
    throw brokenError(
      'ranks-disagree',
      `[steps] step ${step}: wanted ${sum} examples of epoch ${epoch}, the sum of all lanes, got ${odd.examples} of epoch ${odd.epoch} from ${odd.member}`,
    )
  const times = reports.map(
    (report) => report.times ?? { readMs: 0, computeMs: 0, exchangeMs: 0, updateMs: 0, totalMs: 0, searchMs: 0, controllerWaitMs: 0 },
  )
  const lossSum = lanes.reduce((total, lane) => total + lane.lossSum, 0)
  return { step, epoch, examples, lossSum, lanes, times, candidates: sumCandidates(lanes), validationSum, validationExamples }
}

/** A lane without examples has no say. */
function sumCandidates(lanes: readonly LaneStep[]): number[] {
  const [first, ...others] = lanes.filter(({ examples }) => examples > 0)
  const sums = [...(first?.candidates ?? [])]
  for (const { candidates } of others) for (let i = 0; i < sums.length; i++) sums[i]! += candidates[i]!
  return sums
}
