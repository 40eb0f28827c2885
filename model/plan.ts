/**
 * The training plan: all that an engine needs to train, made by the coordinator from the job, shipped as JSON and checked by its hash.
 * A worker never builds a model: it runs the programs of the plan.
 */
import type { Init } from './graph.js'
import type { Program } from './program.js'

export interface TrainingPlan {
  readonly parameters: readonly ParameterSpec[]
  readonly tables: readonly TableSpec[]
  readonly optimizer: OptimizerSpec
  /** 1: logits [B] of clicks; C from 2 on: logits [B, C]. */
  readonly classes: number
  /** Labels of the losses that are mixed; none for a job of one loss. */
  readonly candidates: readonly string[]
  /** What learns to mix them; null where nothing does. */
  readonly controller: ControllerPlan | null
  /**
   * inputs ids, numbers, labels; outputs loss (sum over the batch, one element) and logits [B] or [B, C]; gradients of every parameter and
   * table. With K candidates also an output 'candidates' [2K], the sums of their weights, then of their losses, and where a controller
   * weighs them the inputs 'controller' [P] and 'temperature' [1].
   */
  readonly train: Program
  /** inputs ids, numbers; output logits [B]. No dropout. */
  readonly predict: Program
  readonly fields: number
  readonly numbers: number
}

/** The controller: a small network of K weights an example, learned by the look-ahead gradient (docs/autoloss.md). */
export interface ControllerPlan {
  /** phi, one vector of floats: these back to back, row-major, no gaps. Drawn by model/controller/initial-controller.ts. */
  readonly parameters: readonly ParameterSpec[]
  /** P */
  readonly size: number
  /** train, and after its cut the evidence, an output of EvidenceLayout. null: the controller is frozen. */
  readonly search: Program | null
  /** inputs ids, numbers, labels; output objective (sum over the batch, one element); gradients of every parameter and table. No dropout. */
  readonly validate: Program | null
  readonly evidence: EvidenceLayout
  readonly lookahead: 'exact' | 'preconditioned' | 'sgd'
  readonly period: number
  readonly warmupSteps: number
  /** Of step t: max(floor, start - decay * t). */
  readonly temperature: { readonly start: number; readonly decay: number; readonly floor: number }
  /** Validation examples of a lane in one step. */
  readonly laneBatch: number
}

/** Offsets into the output 'evidence' of `search`, float32, all of them sums over the batch. */
export interface EvidenceLayout {
  /** One float: the sum of |t_n|, for C classes of every |t_nc|. */
  readonly tangents: number
  /** One float: the sum of the entropies H of the weights. */
  readonly entropy: number
  /** P floats: the gradient of -sum_n t_n sum_k p_k l_k' in phi. */
  readonly dS: number
  /** P floats: the gradient of sum_n H in phi. */
  readonly dH: number
  readonly length: number
}

export interface ParameterSpec {
  readonly name: string
  readonly shape: readonly number[]
  readonly init: Init
}

export interface TableSpec {
  readonly name: string
  readonly rows: number
  readonly width: number
  readonly init: Init
}

/** Formulas: native/engine/state/optimizer.h. weightDecay is added to the reduced gradient, on tables only on touched rows. */
export type OptimizerSpec =
  | { readonly kind: 'sgd'; readonly rate: number; readonly weightDecay: number }
  | { readonly kind: 'adagrad'; readonly rate: number; readonly epsilon: number; readonly initial: number; readonly weightDecay: number }
  | {
      readonly kind: 'adam'
      readonly rate: number
      readonly beta1: number
      readonly beta2: number
      readonly epsilon: number
      readonly weightDecay: number
    }
