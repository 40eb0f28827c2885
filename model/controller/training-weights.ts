/** The weights of a job's candidates in the graph that trains: equal, assigned by a field, or those of a controller that the step is given. */
import type { DataFacts } from '../../common/data-facts.js'
import { candidatesOf, controllerOf, type LossJob } from '../../common/job/loss.js'
import type { Graph, Tensor } from '../graph.js'
import { classesOf, oneHotLabels } from '../losses/multiclass/labels.js'
import { constant } from '../ops/constant.js'
import { oneHot } from '../ops/one-hot.js'
import { assignedWeights } from './assigned-weights.js'
import { fieldNamed } from './field-facts.js'
import { Controller, fieldOfInput, type Weighing } from './weights.js'

/** null where nothing is learned about the losses. A static weighing is a controller that is told nothing. */
export function controllerFor(loss: LossJob, facts: DataFacts, classes: number): Controller | null {
  const job = controllerOf(loss)
  if (!job) return null
  const inputs = loss.mode === 'static' ? [] : job.inputs
  const fields = inputs.flatMap((input) => fieldOfInput(input) ?? []).map((name) => fieldNamed(facts, name))
  return new Controller({ job: { ...job, inputs }, candidates: candidatesOf(loss).length, classes, fields })
}

export interface TrainingWeights {
  /** p [B, K] */
  readonly weights: Tensor
  /** Set where a controller weighs: then the graph has the inputs 'controller' [P] and 'temperature' [1]. */
  readonly learned: { readonly controller: Controller; readonly weighing: Weighing } | null
}

/** For logits and labels of a graph with an input 'ids'. */
export function trainingWeights(loss: LossJob, graph: Graph, logits: Tensor, labels: Tensor, facts: DataFacts): TrainingWeights {
  const ids = graph.inputs[0]!
  const classes = logits.shape.length === 1 ? 1 : classesOf(logits)
  const controller = controllerFor(loss, facts, classes)
  if (controller) {
    const { fields } = controller.shape
    const observed = {
      logits,
      labels: classes === 1 ? labels : oneHotLabels(labels, classes),
      fields: new Map(fields.map(({ name, field, values }) => [name, oneHot(ids, field, values.map(({ row }) => row))])), // biome-ignore format: one line
    }
    const weighing = controller.weigh(observed, graph.input('controller', [controller.size]), graph.input('temperature', [1]))
    return { weights: weighing.weights, learned: { controller, weighing } }
  }
  if (loss.mode === 'assigned') return { weights: assignedWeights(loss, ids, facts), learned: null }
  const count = candidatesOf(loss).length
  return { weights: constant(1 / count, ['B', count]), learned: null }
}
