/**
 * One question and one answer for all ranks: when every rank has sent what its lanes found in a step, the controller learns from it and its new
 * state goes to all of them at once, in the handler of the last report. No timer and nothing to wait for stands between.
 */
import { brokenError } from '../../common/errors.js'
import type { ControllerReport__Output as ControllerReport } from '../../proto/generated/lossmith/v1/ControllerReport.js'
import type { ControllerState as StateMessage } from '../../proto/generated/lossmith/v1/ControllerState.js'
import type { ControllerState, LaneEvidence } from './controller-state.js'

type Answer = (state: StateMessage) => void

export class ControllerExchange {
  /** The last step that the controller learned from. */
  learned = 0
  private readonly state: ControllerState
  private readonly entropyAt: (step: number) => number
  private readonly world: number
  private readonly onLearned: (step: number) => void
  private readonly answers = new Set<Answer>()
  private readonly reports = new Map<number, ControllerReport>()
  /** By lane: kept from step to step, for fresh ones would have the garbage collector stop the exchange every twenty steps. */
  private readonly evidence = new Map<number, Float32Array>()

  /** `onLearned` is called when the answers are on their way. */
  constructor(
    { state, entropyAt }: { state: ControllerState; entropyAt: (step: number) => number },
    world: number,
    onLearned: (step: number) => void,
  ) {
    this.state = state
    this.entropyAt = entropyAt
    this.world = world
    this.onLearned = onLearned
  }

  /** `answer` gets every state from now on, until it is closed. */
  open(answer: Answer): Answer {
    this.answers.add(answer)
    return answer
  }

  close(answer: Answer): void {
    this.answers.delete(answer)
  }

  /** @throws broken `controller-version`, `controller-evidence`, config `controller-not-finite`: the end of the run */
  add(rank: number, report: ControllerReport): void {
    const { state, reports } = this
    const [first] = reports.values()
    const step = first?.step ?? report.step
    if (report.version !== state.version || report.step !== step || step <= this.learned || reports.has(rank))
      throw brokenError(
        'controller-version',
        `[controller] wanted one report of step ${first === undefined ? `${this.learned + 1} or later` : step} with version ${state.version} from every rank, got step ${report.step} with version ${report.version} from ${report.member}`,
      )
    reports.set(rank, report)
    if (reports.size < this.world) return
    state.update(
      [...reports.values()].flatMap((report) => this.evidenceOf(report)),
      this.entropyAt(step),
    )
    reports.clear()
    this.learned = step
    const message = stateMessage(state, step)
    for (const answer of this.answers) answer(message)
    this.onLearned(step)
  }

  /** Copied: what arrives may begin at any byte. */
  private evidenceOf({ lanes, member }: ControllerReport): LaneEvidence[] {
    return lanes.map(({ lane, examples, evidence: bytes }) => {
      if (bytes.length % 4 !== 0)
        throw brokenError('controller-evidence', `[controller] wanted whole floats of lane ${lane}, got ${bytes.length} bytes from ${member}`)
      const kept = this.evidence.get(lane)
      const evidence = kept?.byteLength === bytes.length ? kept : new Float32Array(bytes.length / 4)
      this.evidence.set(lane, evidence)
      new Uint8Array(evidence.buffer).set(bytes)
      return { lane, examples, evidence }
    })
  }
}

/** phi is copied: it goes on learning while messages wait to be sent. */
export function stateMessage({ version, phi }: ControllerState, step: number): StateMessage {
  return { version, step, phi: Buffer.from(new Uint8Array(phi.buffer.slice(phi.byteOffset, phi.byteOffset + phi.byteLength))) }
}
