/**
 * The job: what a user writes in YAML, after defaults and --set. `lossmith train --print-job` prints it.
 * parse-job.ts turns YAML into this or refuses it with the path of the key, what was wanted and the nearest valid name.
 */
import type { SplitPlan } from './features.js'
import type { LossJob } from './loss.js'

export interface Job {
  name: string
  seed: number
  data: FormatJob & {
    /** 1: clicks, labels 0 and 1. From 2: labels firstClass to firstClass + classes − 1. */
    classes: number
    firstClass: number
    /** Paths as every worker sees them; relative ones from the job file's folder. `.gz` is gzip. */
    train: string[]
    validation: string[]
    test: string[]
    split: SplitPlan
    /** Malformed lines before the run stops. */
    maxRejects: number
    /** Window of an in-lane shuffle, in examples; 0: rows of a block stay in order. */
    shuffleRows: number
    /** Largest block; smaller when the input is small. */
    blockBytes: number
    maxLineBytes: number
  }
  features: {
    numbers: 'log-bins' | 'normalised'
    minCount: number
    /** Rows of the embedding tables: (field, value) hashes into them. */
    rows: number
  }
  model: ModelJob
  loss: LossJob
  optimizer:
    | { kind: 'sgd'; rate: number; weightDecay: number }
    | { kind: 'adagrad'; rate: number; epsilon: number; initial: number; weightDecay: number }
    | { kind: 'adam'; rate: number; beta1: number; beta2: number; epsilon: number; weightDecay: number }
  train: {
    /** Global batch, in examples; a multiple of lanes. */
    batch: number
    lanes: number
    epochs: number
    /** 0: to the end of the epochs. */
    maxSteps: number
    determinism: boolean
    /** In which numbers a GPU multiplies matrices; weights and sums are float32 in all of them. */
    precision: 'float32' | 'tf32' | 'bf16'
  }
  evaluate: {
    /** Splits scored after every epoch. The test split is scored at the end of the run in any case. */
    everyEpoch: ('validation' | 'test')[]
  }
  checkpoint: {
    /** Steps between checkpoints; 0: only after each epoch. */
    everySteps: number
    /** Newest checkpoints kept; 0: all. */
    keep: number
  }
  cluster: {
    workers: number
    /** auto: GPUs where every worker has a usable one, else CPUs. */
    device: 'auto' | 'cpu' | 'cuda'
    /** How GPUs add gradients: by the lane tree, or in NCCL's own order. */
    exchange: 'tree' | 'allreduce'
    /** Seconds the coordinator waits for all workers to join. */
    joinTimeoutSeconds: number
    heartbeatMs: number
    lostAfterMs: number
  }
}

export type FormatJob =
  | { format: 'criteo' }
  /** `categories` empty: all columns that are not named elsewhere. */
  | { format: 'delimited'; delimiter: string; label: string; numbers: string[]; categories: string[]; ignore: string[] }
  | { format: 'libsvm'; fields: number }

export type ModelJob =
  | { kind: 'lr' }
  | { kind: 'fm'; embedding: number }
  | { kind: 'deepfm'; embedding: number; hidden: number[]; dropout: number }
  | { kind: 'wide-and-deep' | 'ipnn'; embedding: number; hidden: number[]; dropout: number }
  | { kind: 'dcn-v2'; embedding: number; crosses: number; hidden: number[]; dropout: number }
  /** A TypeScript file that exports a model function (model/model.ts), compiled by the coordinator. `options` go to it as they are. */
  | { kind: 'file'; path: string; options: Record<string, unknown> }
