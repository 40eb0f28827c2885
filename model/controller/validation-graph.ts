/** What a controller is judged by: an objective of the model without dropout, which depends on the candidates' weights through the model alone. */

import type { ControllerJob } from '../../common/job/loss.js'
import { gradients } from '../autodiff.js'
import type { Graph, Tensor } from '../graph.js'
import { bce } from '../losses/bce.js'
import { crossEntropy } from '../losses/multiclass/ce.js'
import { classesOf, oneHotLabels } from '../losses/multiclass/labels.js'
import { buildPredictGraph, type InputSizes, type ModelChoice } from '../model.js'
import { pairwiseAuc } from '../ops/pairwise-auc.js'
import { reduceSum } from '../ops/reduce-sum.js'

export interface ValidationGraph {
  readonly graph: Graph
  /** Sum over the batch, a scalar. */
  readonly objective: Tensor
  /** Of the parameters, then of the tables. */
  readonly gradients: readonly Tensor[]
}

export function buildValidationGraph(choice: ModelChoice, sizes: InputSizes, name: ControllerJob['objective']): ValidationGraph {
  const { graph, logits } = buildPredictGraph(choice, sizes)
  const labels = graph.input('labels', ['B'])
  const objective = reduceSum(objectiveOf(logits, labels, name), 0)
  return { graph, objective, gradients: gradients(objective, [...graph.parameters, ...graph.tables]) }
}

/** [B]; their sum is N times what is judged, as a training loss's is. */
function objectiveOf(logits: Tensor, labels: Tensor, name: ControllerJob['objective']): Tensor {
  if (name === 'auc') return pairwiseAuc(logits, labels)
  return logits.shape.length === 1 ? bce(logits, labels) : crossEntropy(logits, oneHotLabels(labels, classesOf(logits)))
}
