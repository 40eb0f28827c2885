/** From a model, a loss and an optimizer to the training plan: both graphs built and compiled for the examples of one lane. */
import { compile } from './compile.js'
import { type Init, nameOf, type Tensor } from './graph.js'
import type { LossName } from './losses/index.js'
import { buildPredictGraph, buildTrainingGraph, type InputSizes, type ModelChoice } from './model.js'
import type { OptimizerSpec, TrainingPlan } from './plan.js'

export interface PlanOptions {
  readonly model: ModelChoice
  readonly loss: LossName
  readonly optimizer: OptimizerSpec
  readonly sizes: InputSizes
  /** Examples of a lane in one step: the programs' largest batch. */
  readonly laneBatch: number
}

export function buildTrainingPlan({ model, loss, optimizer, sizes, laneBatch }: PlanOptions): TrainingPlan {
  const training = buildTrainingGraph(model, sizes, loss)
  const { graph, logits, parameters, tables } = training
  const leaves = [...parameters, ...tables]
  const gradients = new Map(leaves.map((leaf, i) => [nameOf(leaf), training.gradients[i] as Tensor]))
  const predict = buildPredictGraph(model, sizes)
  return {
    parameters: parameters.map((leaf) => ({ name: nameOf(leaf), shape: leaf.shape as number[], init: initOf(leaf) })),
    tables: tables.map((leaf) => {
      const [rows, width] = leaf.shape as [number, number]
      return { name: nameOf(leaf), rows, width, init: initOf(leaf) }
    }),
    optimizer,
    classes: sizes.classes ?? 1,
    candidates: [],
    controller: null,
    train: compile({ name: 'train', graph, maxBatch: laneBatch, outputs: { loss: training.loss, logits }, gradients }),
    predict: compile({ name: 'predict', graph: predict.graph, maxBatch: laneBatch, outputs: { logits: predict.logits } }),
    fields: sizes.fields,
    numbers: sizes.numbers,
  }
}

function initOf(leaf: Tensor): Init {
  return leaf.attributes.init as Init
}
