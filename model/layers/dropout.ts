/** dropout (Srivastava et al., 2014): while training a unit is 0 with probability rate, the others are divided by 1 − rate. */
import type { Tensor } from '../graph.js'
import { describe, refuse } from '../op.js'
import { dropoutMask } from '../ops/dropout-mask.js'
import { mul } from '../ops/scalar-functions.js'
import type { Scope } from './scope.js'

/** x [B, width]. The draws depend on the name, so a name is taken once. */
export function dropout({ graph, training }: Scope, x: Tensor, rate: number, name = 'dropout'): Tensor {
  const width = x.shape[1]
  if (x.shape.length !== 2 || x.shape[0] !== 'B' || typeof width !== 'number') throw refuse('dropout', 'x [B, width]', describe(x))
  const purpose = `dropout/${name}`
  graph.claim('dropout', purpose)
  const mask = dropoutMask(width, rate, purpose)
  return training && rate > 0 ? mul(x, mask) : x
}
