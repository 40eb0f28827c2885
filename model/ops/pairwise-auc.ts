/**
 * pairwise_auc: a smooth stand-in for 1 − AUC over the batch, by example. Positives are the examples whose label is above ½. With n examples,
 * n+ of them positive and n− negative, positive i gets n / (n+ n−) · Σ over negatives j of softplus(z_j − z_i), a negative gets 0; all get 0
 * where one of the kinds is missing. So the sum over the batch is n times the mean over pairs, as the sum of a loss is n times its mean.
 * It has no ONNX rule.
 */
import { sameShape, type Tensor } from '../graph.js'
import { apply, asDense, type DenseValue, describe, type Op, refuse, wantDense } from '../op.js'
import { type Draw, nasty, normal } from '../sample.js'
import { pairwiseAucGrad } from './pairwise-auc-grad.js'

export function pairwiseAuc(logits: Tensor, labels: Tensor): Tensor {
  return apply(pairwiseAucOp, [logits, labels])
}

export const pairwiseAucOp: Op = {
  name: 'pairwise_auc',
  result([z, y]) {
    wantScores('pairwise_auc', z!, y!)
    return { shape: ['B'] }
  },
  gradient: (node, d) => [pairwiseAucGrad(node.inputs[0]!, node.inputs[1]!, d), undefined],
  reference({ inputs, shape }) {
    const [z, y] = inputs.map(asDense) as [DenseValue, DenseValue]
    const { positives, negatives, scale } = pairsOf(y)
    const data = new Float64Array(shape[0]!)
    for (const i of positives) {
      for (const j of negatives) {
        const apart = z.data[j]! - z.data[i]!
        data[i]! += scale * (Math.max(apart, 0) + Math.log1p(Math.exp(-Math.abs(apart))))
      }
    }
    return { shape, data }
  },
  samples: [
    { title: 'clicks', differentiable: 'once', build: (make) => pairwiseAuc(make.input(['B'], normal), make.input(['B'], clicks(0.3))) },
    { title: 'few negatives', differentiable: 'once', build: (make) => pairwiseAuc(make.input(['B']), make.input(['B'], clicks(0.9))) },
    { title: 'no click', differentiable: 'once', build: (make) => pairwiseAuc(make.input(['B']), make.input(['B'], clicks(0))) },
    { title: 'clicks only', differentiable: 'once', build: (make) => pairwiseAuc(make.input(['B']), make.input(['B'], clicks(1))) },
    { title: 'large scores', differentiable: false, build: (make) => pairwiseAuc(make.input(['B'], finite), make.input(['B'], clicks(0.5))) },
  ],
}

/** Labels of which about this share is 1. */
export const clicks =
  (share: number): Draw =>
  (uniform) =>
    uniform() < share ? 1 : 0
const finite: Draw = (uniform, index) => Math.max(-1e4, Math.min(1e4, nasty(uniform, index)))

export function wantScores(op: string, z: Tensor, y: Tensor): void {
  wantDense(op, [z, y])
  if (!sameShape(z.shape, ['B']) || !sameShape(y.shape, ['B'])) throw refuse(op, 'logits [B] and labels [B]', `${describe(z)} and ${describe(y)}`)
}

export function pairsOf(labels: DenseValue): { positives: number[]; negatives: number[]; scale: number } {
  const examples = [...labels.data.keys()]
  const positives = examples.filter((i) => labels.data[i]! > 0.5)
  const negatives = examples.filter((i) => !(labels.data[i]! > 0.5))
  return { positives, negatives, scale: examples.length / (positives.length * negatives.length) }
}
