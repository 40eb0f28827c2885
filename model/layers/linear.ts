/** linear: z = bias + Σ_f w[id_f] + Σ_n x_n v_n, the logistic regression that LR, FM and DeepFM begin with; of C classes one each. First weights are zero. */
import type { Tensor } from '../graph.js'
import { lookup } from '../ops/lookup.js'
import { matmul } from '../ops/matmul.js'
import { reduceSum } from '../ops/reduce-sum.js'
import { reshape } from '../ops/reshape.js'
import { add } from '../ops/scalar-functions.js'
import type { ModelInputs, Scope } from './scope.js'

/** ids [B, F] and numbers [B, N] to [B] or [B, C]. Makes the table 'first' [V, C], 'first.numbers' [N, C] where there are numbers, and 'bias' [C]. */
export function linear({ graph, rows, classes }: Scope, { ids, numbers }: ModelInputs): Tensor {
  const zeros = { kind: 'zeros' } as const
  const first = lookup(graph.table('first', rows, classes, zeros), ids)
  const ofIds = reduceSum(classes === 1 ? reshape(first, ids.shape) : first, 1)
  const ofNumbers = numbers && matmul(numbers, graph.parameter('first.numbers', [numbers.shape[1] as number, classes], zeros))
  const sum = ofNumbers ? add(ofIds, classes === 1 ? reshape(ofNumbers, ['B']) : ofNumbers) : ofIds
  return add(sum, graph.parameter('bias', [classes], zeros))
}
