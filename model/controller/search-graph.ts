/** What a controller step computes beyond a training step: the evidence, and before it the backward pass that it divides. */
import { gradients } from '../autodiff.js'
import type { Tensor } from '../graph.js'
import type { TrainingGraph } from '../model.js'
import { evidenceOf, nonZero } from './evidence.js'

export interface SearchGraph {
  /** As a training graph's, from a cotangent that is nowhere zero. */
  readonly gradients: readonly Tensor[]
  /** [2 + 2P], from the tangents of all parameters and tables. */
  readonly evidence: Tensor
}

/** null where no controller learns. `centre` as in evidence.ts. */
export function buildSearchGraph({ graph, logits, parameters, tables, mixture }: TrainingGraph, centre: number): SearchGraph | null {
  if (!mixture?.learned) return null
  const leaves = [...parameters, ...tables]
  const directions = new Map(leaves.map((leaf) => [leaf, graph.tangentOf(leaf)]))
  const cotangent = logits.shape.length === 1 ? nonZero(mixture.cotangent) : mixture.cotangent
  return {
    gradients: gradients(logits, leaves, cotangent),
    evidence: evidenceOf({ logits, directions, cotangent, mixed: mixture, weighing: mixture.learned.weighing, centre }),
  }
}
