/** Every op by its name. The leaves 'input', 'parameter' and 'table' are no ops: a graph is given their values. */
import { brokenError } from '../../common/errors.js'
import type { Op } from '../op.js'
import { addRowsOp } from './add-rows.js'
import { broadcastOp } from './broadcast.js'
import { concatOp } from './concat.js'
import { constantOp } from './constant.js'
import { dropoutMaskOp } from './dropout-mask.js'
import { lookupOp } from './lookup.js'
import { lookupGradOp } from './lookup-grad.js'
import { matmulOp } from './matmul.js'
import { oneHotOp } from './one-hot.js'
import { pairDotsCrossOp, pairDotsGradOp, pairDotsOp } from './pair-dots.js'
import { pairwiseAucOp } from './pairwise-auc.js'
import { pairwiseAucGradOp } from './pairwise-auc-grad.js'
import { reduceMaxOp } from './reduce-max.js'
import { reduceSumOp } from './reduce-sum.js'
import { reshapeOp } from './reshape.js'
import * as scalar from './scalar-functions.js'
import { sliceOp } from './slice.js'
import { transposeOp } from './transpose.js'
import { uniformOp } from './uniform.js'

export const ops: readonly Op[] = [
  scalar.addOp,
  scalar.subOp,
  scalar.mulOp,
  scalar.divOp,
  scalar.maxOp,
  scalar.minOp,
  scalar.greaterOp,
  scalar.addConstantOp,
  scalar.mulConstantOp,
  scalar.maxConstantOp,
  scalar.minConstantOp,
  scalar.powConstantOp,
  scalar.negOp,
  scalar.expOp,
  scalar.logOp,
  scalar.log1pOp,
  scalar.sqrtOp,
  scalar.reciprocalOp,
  scalar.squareOp,
  scalar.absOp,
  scalar.signOp,
  scalar.sigmoidOp,
  scalar.tanhOp,
  scalar.softplusOp,
  scalar.reluOp,
  scalar.stepOp,
  constantOp,
  broadcastOp,
  reduceSumOp,
  reduceMaxOp,
  reshapeOp,
  concatOp,
  sliceOp,
  transposeOp,
  matmulOp,
  lookupOp,
  lookupGradOp,
  addRowsOp,
  oneHotOp,
  pairDotsOp,
  pairDotsGradOp,
  pairDotsCrossOp,
  pairwiseAucOp,
  pairwiseAucGradOp,
  dropoutMaskOp,
  uniformOp,
]

const byName = new Map(ops.map((op) => [op.name, op]))

export function opNamed(name: string): Op {
  const op = byName.get(name)
  if (!op) throw brokenError('unknown-op', `[op] wanted one of ${[...byName.keys()].join(', ')}, got '${name}'`)
  return op
}
