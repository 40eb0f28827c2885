/**
 * pairwise_auc_grad: from d, the gradient of pairwise_auc, that of the logits: positive i gets −n / (n+ n−) · d_i Σ_j σ(z_j − z_i), negative j
 * gets n / (n+ n−) · Σ_i d_i σ(z_j − z_i). A validation objective is differentiated once, so there is no rule for more: it is refused.
 */
import { brokenError } from '../../common/errors.js'
import { sameShape, type Tensor } from '../graph.js'
import { apply, asDense, type DenseValue, describe, type Op, refuse, wantDense } from '../op.js'
import { clicks, pairsOf, wantScores } from './pairwise-auc.js'

export function pairwiseAucGrad(logits: Tensor, labels: Tensor, d: Tensor): Tensor {
  return apply(pairwiseAucGradOp, [logits, labels, d])
}

export const pairwiseAucGradOp: Op = {
  name: 'pairwise_auc_grad',
  result([z, y, d]) {
    wantScores('pairwise_auc_grad', z!, y!)
    wantDense('pairwise_auc_grad', [d!])
    if (!sameShape(d!.shape, ['B'])) throw refuse('pairwise_auc_grad', 'd [B]', `d ${describe(d!)}`)
    return { shape: ['B'] }
  },
  gradient() {
    throw brokenError('no-second-gradient', '[pairwise_auc_grad] wanted a gradient taken once, got one of the gradient')
  },
  reference({ inputs, shape }) {
    const [z, y, d] = inputs.map(asDense) as [DenseValue, DenseValue, DenseValue]
    const { positives, negatives, scale } = pairsOf(y)
    const data = new Float64Array(shape[0]!)
    for (const i of positives) {
      for (const j of negatives) {
        const part = (scale * d.data[i]!) / (1 + Math.exp(z.data[i]! - z.data[j]!))
        data[i]! -= part
        data[j]! += part
      }
    }
    return { shape, data }
  },
  samples: [
    {
      title: 'clicks',
      differentiable: false,
      build: (make) => pairwiseAucGrad(make.input(['B']), make.input(['B'], clicks(0.4)), make.input(['B'])),
    },
    {
      title: 'no click',
      differentiable: false,
      build: (make) => pairwiseAucGrad(make.input(['B']), make.input(['B'], clicks(0)), make.input(['B'])),
    },
  ],
}
