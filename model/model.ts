/**
 * From a model to its graphs: buildModel makes logits from inputs; buildTrainingGraph adds the loss, summed over the batch, and the
 * gradient of every parameter and table; buildPredictGraph is the same model without dropout.
 */
import { type DataFacts, noFacts } from '../common/data-facts.js'
import { configError } from '../common/errors.js'
import { candidatesOf, type LossJob } from '../common/job/loss.js'
import { gradients } from './autodiff.js'
import { type MixedLoss, mixedLoss } from './controller/mixed-loss.js'
import { type TrainingWeights, trainingWeights } from './controller/training-weights.js'
import { type ModelDefinition, withDefaults } from './define-model.js'
import { Graph, nameOf, nodesOf, type Shape, sameShape, showShape, type Tensor } from './graph.js'
import { Layers } from './layers/layers.js'
import type { Candidate } from './losses/candidate.js'
import { candidateOf } from './losses/candidate-of.js'
import { type ModelKind, models } from './models/index.js'
import { describe } from './op.js'
import { reduceSum } from './ops/reduce-sum.js'

/** The job's model: a built-in kind with its options beside it, or the definition that a user's file exports and the options for it. */
export type ModelChoice = BuiltInModel | FileModel

interface BuiltInModel {
  readonly kind: ModelKind
  readonly [option: string]: unknown
}

interface FileModel {
  readonly kind: 'file'
  readonly definition: ModelDefinition
  readonly options: Readonly<Record<string, unknown>>
}

export interface InputSizes {
  /** F: ids of a row. */
  readonly fields: number
  /** N: numeric inputs of a row, or 0. */
  readonly numbers: number
  /** V: rows of every table. */
  readonly rows: number
  /** 1 (the default): click labels, logits [B]. C ≥ 2: labels 0..C−1, logits [B, C]. */
  readonly classes?: number
}

export interface BuiltModel {
  /** Inputs 'ids' [B, F] and, where there are any, 'numbers' [B, N]. */
  readonly graph: Graph
  /** [B], of C ≥ 2 classes [B, C] */
  readonly logits: Tensor
}

export interface TrainingGraph extends BuiltModel {
  readonly labels: Tensor
  /** Sum over the batch, a scalar. graph has the input 'labels' [B] too. */
  readonly loss: Tensor
  readonly parameters: readonly Tensor[]
  readonly tables: readonly Tensor[]
  /** Of the parameters, then of the tables (row-sparse), in their order. */
  readonly gradients: readonly Tensor[]
  readonly candidates: readonly Candidate[]
  /** Set where more than one loss may be mixed. */
  readonly mixture: (MixedLoss & TrainingWeights) | null
}

/** The graph of a model up to its logits. Refuses a model whose result is not logits [B], of C classes [B, C]. */
export function buildModel(choice: ModelChoice, { fields, numbers, rows, classes = 1 }: InputSizes, training: boolean): BuiltModel {
  const { definition, options } = choice.kind === 'file' ? (choice as FileModel) : builtIn(choice as BuiltInModel)
  const graph = new Graph()
  const ids = graph.input('ids', ['B', fields], 'i64')
  const inputs = numbers > 0 ? { ids, numbers: graph.input('numbers', ['B', numbers]) } : { ids }
  const logits = definition.build(inputs, withDefaults(definition.defaults, options), new Layers({ graph, training, rows, classes }))
  const wanted: Shape = classes === 1 ? ['B'] : ['B', classes]
  if (!sameShape(logits.shape, wanted) || logits.dtype !== 'f32')
    throw configError('bad-shape', `[model] wanted logits ${showShape(wanted)}, got ${describe(logits)}`)
  return { graph, logits }
}

/**
 * The graph that training runs. Refuses a parameter or table that the loss does not depend on: it would never learn. `candidates` are the
 * losses of the job, in its order; a test may put others in their place.
 */
export function buildTrainingGraph(
  choice: ModelChoice,
  sizes: InputSizes,
  job: LossJob,
  facts: DataFacts = noFacts,
  candidates: readonly Candidate[] = jobCandidates(job, sizes, facts),
): TrainingGraph {
  const { graph, logits } = buildModel(choice, sizes, true)
  const labels = graph.input('labels', ['B'])
  const { parameters, tables } = graph
  const leaves = [...parameters, ...tables]
  const used = new Set(nodesOf([logits]))
  const unused = leaves.filter((leaf) => !used.has(leaf)).map(nameOf)
  if (unused.length > 0)
    throw configError('unused-parameter', `[model] wanted a loss that depends on every parameter, got ${unused.join(', ')} unused`)

  const built = { graph, logits, labels, parameters, tables, candidates }
  if (job.mode === 'one') {
    const loss = reduceSum(candidates[0]!.loss(logits, labels), 0)
    return { ...built, loss, gradients: gradients(loss, leaves), mixture: null }
  }
  const weights = trainingWeights(job, graph, logits, labels, facts)
  const mixed = mixedLoss(logits, labels, candidates, weights.weights)
  return { ...built, loss: mixed.loss, gradients: gradients(logits, leaves, mixed.cotangent), mixture: { ...mixed, ...weights } }
}

function jobCandidates(job: LossJob, { classes = 1 }: InputSizes, { baseRate, classShares }: DataFacts): Candidate[] {
  // Classes that nobody surveyed count as equally likely.
  const shares = classes > 1 && classShares.length === 0 ? Array.from({ length: classes }, () => 1 / classes) : classShares
  // Who assigns losses by hand means their formulas: a likelihood that is scaled is another one.
  return candidatesOf(job).map((candidate) => candidateOf(candidate, { baseRate, classShares: shares }, job.mode !== 'assigned'))
}

/** The graph that evaluation, prediction and ONNX use. */
export function buildPredictGraph(choice: ModelChoice, sizes: InputSizes): BuiltModel {
  return buildModel(choice, sizes, false)
}

function builtIn({ kind, ...options }: BuiltInModel): Omit<FileModel, 'kind'> {
  if (!Object.hasOwn(models, kind)) throw configError('unknown-model', `[model] wanted one of ${Object.keys(models).join(', ')}, got '${kind}'`)
  return { definition: models[kind] as ModelDefinition, options }
}
