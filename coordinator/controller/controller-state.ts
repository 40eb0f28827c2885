/**
 * phi, the weights of the controller, and the Adam state it is learned with; all of it float32, all arithmetic float64, rounded once. One
 * update from the evidence of all lanes, added by the lane tree (N examples, t_n and the entropy H as in model/plan.ts EvidenceLayout):
 *
 *   g = ∇_φ S / Σ|t|  −  entropy · ∇_φ ΣH / N      then cut to a norm of `clip`, then Adam (0.9, 0.999, 1e-8) at `rate`
 *
 * so S is minimised and the entropy maximised. Σ|t| gives the gradient one scale whatever the losses' and the optimizer's are.
 */
import { brokenError, configError } from '../../common/errors.js'
import type { EvidenceLayout } from '../../model/plan.js'
import { LaneSum } from './sum-lanes.js'

export interface LearningRule {
  readonly rate: number
  /** Largest norm of the gradient; 0: any. */
  readonly clip: number
}

export interface LaneEvidence {
  readonly lane: number
  readonly examples: number
  /** EvidenceLayout. Not looked at when there are no examples. */
  readonly evidence: Float32Array
}

const [beta1, beta2, epsilon] = [0.9, 0.999, 1e-8]

export class ControllerState {
  readonly phi: Float32Array
  readonly m: Float32Array
  readonly v: Float32Array
  /** Updates so far. */
  version: number
  private readonly layout: EvidenceLayout
  private readonly rule: LearningRule
  private readonly lanes: number
  private readonly sum: LaneSum
  private readonly gradient: Float64Array

  /** `start` without m and v: nothing was learned yet. Its arrays are taken over. */
  constructor(
    { layout, rule, lanes }: { layout: EvidenceLayout; rule: LearningRule; lanes: number },
    start: { phi: Float32Array; m?: Float32Array; v?: Float32Array; version?: number },
  ) {
    this.phi = start.phi
    this.m = start.m ?? new Float32Array(start.phi.length)
    this.v = start.v ?? new Float32Array(start.phi.length)
    this.version = start.version ?? 0
    this.layout = layout
    this.rule = rule
    this.lanes = lanes
    this.sum = new LaneSum(lanes, layout.length)
    this.gradient = new Float64Array(start.phi.length)
  }

  /**
   * One step of learning; the order of `evidence` does not matter. `entropy`: weight of the mean entropy. Without any |t| only that counts.
   * @throws broken `controller-evidence`, config `controller-not-finite`; then nothing has changed
   */
  update(evidence: readonly LaneEvidence[], entropy: number): void {
    const sum = this.sum.add(this.byLane(evidence))
    if (sum === undefined) return
    const examples = evidence.reduce((total, lane) => total + lane.examples, 0)
    const norm = this.reduce(sum, examples, entropy)
    this.adam(this.rule.clip > 0 && norm > this.rule.clip ? this.rule.clip / norm : 1)
    this.version++
  }

  private byLane(evidence: readonly LaneEvidence[]): (Float32Array | undefined)[] {
    const { lanes, layout } = this
    const present = new Array<Float32Array | undefined>(lanes)
    const seen = new Set<number>()
    for (const { lane, examples, evidence: values } of evidence) {
      if (!(lane >= 0 && lane < lanes) || seen.has(lane)) refuse(`each of the ${lanes} lanes once`, `lane ${lane}${seen.has(lane) ? ' twice' : ''}`)
      seen.add(lane)
      if (examples === 0) continue
      if (values.length !== layout.length) refuse(`${layout.length} floats of lane ${lane}`, `${values.length}`)
      present[lane] = values
    }
    if (seen.size < lanes) refuse(`each of the ${lanes} lanes once`, `${seen.size} of them`)
    return present
  }

  /** Leaves g in `gradient`; returns its norm. */
  private reduce(sum: Float64Array, examples: number, entropy: number): number {
    const { gradient, layout } = this
    const tangents = sum[layout.tangents]!
    const scale = tangents > 0 ? 1 / tangents : 0
    const bonus = entropy / examples
    let squares = 0
    for (let i = 0; i < gradient.length; i++) {
      // A product with an infinite dS would be NaN where scale is 0: both ways the norm says so.
      const g = sum[layout.dS + i]! * scale - sum[layout.dH + i]! * bonus
      gradient[i] = g
      squares += g * g
    }
    if (!Number.isFinite(squares) || !Number.isFinite(tangents))
      throw configError(
        'controller-not-finite',
        `[controller] wanted finite evidence of ${examples} examples for version ${this.version + 1}, got a gradient of norm ${Math.sqrt(squares)} and Σ|t| = ${tangents}. A lower optimizer.rate or loss.controller.rate is the usual cure`,
      )
    return Math.sqrt(squares)
  }

  private adam(cut: number): void {
    const { phi, m, v, gradient, rule } = this
    const step = this.version + 1
    const [correct1, correct2] = [1 - beta1 ** step, 1 - beta2 ** step]
    for (let i = 0; i < gradient.length; i++) {
      const g = gradient[i]! * cut
      const m1 = beta1 * m[i]! + (1 - beta1) * g
      const v1 = beta2 * v[i]! + (1 - beta2) * g * g
      m[i] = m1
      v[i] = v1
      phi[i]! -= (rule.rate * (m1 / correct1)) / (Math.sqrt(v1 / correct2) + epsilon)
    }
  }
}

function refuse(wanted: string, got: string): never {
  throw brokenError('controller-evidence', `[controller] wanted ${wanted}, got ${got}`)
}
