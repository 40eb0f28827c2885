/** linear: z = bias + Σ_f w[id_f] + Σ_n x_n v_n, the logistic regression that LR, FM and DeepFM begin with. First weights are zero. */
import type { Tensor } from '../graph.js'
import { lookup } from '../ops/lookup.js'
import { matmul } from '../ops/matmul.js'
import { reduceSum } from '../ops/reduce-sum.js'
import { reshape } from '../ops/reshape.js'
import { add } from '../ops/scalar-functions.js'
import type { ModelInputs, Scope } from './scope.js'

/** ids [B, F] and numbers [B, N] to [B]. Makes the table 'first' [V, 1], 'first.numbers' [N, 1] where there are numbers, and 'bias' [1]. */
export function linear({ graph, rows }: Scope, { ids, numbers }: ModelInputs): Tensor {
  const zeros = { kind: 'zeros' } as const
  const first = lookup(graph.table('first', rows, 1, zeros), ids)
  const ofIds = reduceSum(reshape(first, ids.shape), 1)
  const ofNumbers = numbers && matmul(numbers, graph.parameter('first.numbers', [numbers.shape[1] as number, 1], zeros))
  const sum = ofNumbers ? add(ofIds, reshape(ofNumbers, ['B'])) : ofIds
  return add(sum, graph.parameter('bias', [1], zeros))
}
