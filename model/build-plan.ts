/** From a model, a loss and an optimizer to the training plan: all graphs built and compiled for the examples of one lane. */
import { type DataFacts, noFacts } from '../common/data-facts.js'
import { type ControllerJob, controllerOf, type LossJob } from '../common/job/loss.js'
import { compile } from './compile.js'
import { evidenceLayout } from './controller/evidence.js'
import { buildSearchGraph } from './controller/search-graph.js'
import { buildValidationGraph } from './controller/validation-graph.js'
import type { Controller } from './controller/weights.js'
import { type Graph, type Init, nameOf, type Tensor } from './graph.js'
import type { Candidate } from './losses/candidate.js'
import { buildPredictGraph, buildTrainingGraph, type InputSizes, type ModelChoice, type TrainingGraph } from './model.js'
import type { ControllerPlan, OptimizerSpec, TrainingPlan } from './plan.js'

export interface PlanOptions {
  readonly model: ModelChoice
  readonly loss: LossJob
  /** What the loss needs to know of the data; by default nothing. */
  readonly facts?: DataFacts
  /** In place of the job's, as many. */
  readonly candidates?: readonly Candidate[]
  readonly optimizer: OptimizerSpec
  readonly sizes: InputSizes
  /** Examples of a lane in one step: the programs' largest batch. */
  readonly laneBatch: number
  /** Validation examples of a lane in a controller step; by default as many. */
  readonly validationBatch?: number
}

export function buildTrainingPlan(options: PlanOptions): TrainingPlan {
  const { model, loss, facts = noFacts, optimizer, sizes, laneBatch } = options
  const training = buildTrainingGraph(model, sizes, loss, facts, options.candidates)
  const { graph, parameters, tables, candidates, mixture } = training
  const predict = buildPredictGraph(model, sizes)
  const job = controllerOf(loss)
  return {
    parameters: parameters.map((leaf) => ({ name: nameOf(leaf), shape: leaf.shape as number[], init: initOf(leaf) })),
    tables: tables.map((leaf) => {
      const [rows, width] = leaf.shape as [number, number]
      return { name: nameOf(leaf), rows, width, init: initOf(leaf) }
    }),
    optimizer,
    classes: sizes.classes ?? 1,
    candidates: mixture ? candidates.map(({ label }) => label) : [],
    controller: mixture?.learned && job ? controllerPlan(options, job, training, mixture.learned.controller) : null,
    train: compile({ name: 'train', graph, maxBatch: laneBatch, outputs: outputsOf(training), gradients: byName(graph, training.gradients) }),
    predict: compile({ name: 'predict', graph: predict.graph, maxBatch: laneBatch, outputs: { logits: predict.logits } }),
    fields: sizes.fields,
    numbers: sizes.numbers,
  }
}

function controllerPlan(
  { model, sizes, laneBatch, validationBatch = laneBatch }: PlanOptions,
  { frozen, objective, centre, lookahead, period, warmupSteps, temperature }: ControllerJob,
  training: TrainingGraph,
  { parameters, size }: Controller,
): ControllerPlan {
  const search = frozen ? null : buildSearchGraph(training, centre)
  const validation = frozen ? null : buildValidationGraph(model, sizes, objective)
  return {
    parameters,
    size,
    search:
      search &&
      compile({
        name: 'search',
        graph: training.graph,
        maxBatch: laneBatch,
        outputs: { ...outputsOf(training), evidence: search.evidence },
        gradients: byName(training.graph, search.gradients),
      }),
    validate:
      validation &&
      compile({
        name: 'validate',
        graph: validation.graph,
        maxBatch: validationBatch,
        outputs: { objective: validation.objective },
        gradients: byName(validation.graph, validation.gradients),
      }),
    evidence: evidenceLayout(size),
    lookahead,
    period,
    warmupSteps,
    temperature,
    laneBatch: validationBatch,
  }
}

function outputsOf({ loss, logits, mixture }: TrainingGraph): Record<string, Tensor> {
  return mixture ? { loss, logits, candidates: mixture.sums } : { loss, logits }
}

/** Gradients of the parameters, then of the tables, by their names. */
function byName({ parameters, tables }: Graph, gradients: readonly Tensor[]): Map<string, Tensor> {
  return new Map([...parameters, ...tables].map((leaf, i) => [nameOf(leaf), gradients[i]!]))
}

function initOf(leaf: Tensor): Init {
  return leaf.attributes.init as Init
}
