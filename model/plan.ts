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
  /** inputs ids, numbers, labels; outputs loss (sum over the batch, one element) and logits [B]; gradients of every parameter and table. */
  readonly train: Program
  /** inputs ids, numbers; output logits [B]. No dropout. */
  readonly predict: Program
  readonly fields: number
  readonly numbers: number
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
