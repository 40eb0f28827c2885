/** Weights that somebody gave: each example has one candidate, by the value of a field. What a search is compared with. */
import type { DataFacts } from '../../common/data-facts.js'
import { configError } from '../../common/errors.js'
import { candidatesOf, type LossJob } from '../../common/job/loss.js'
import type { Tensor } from '../graph.js'
import { constant } from '../ops/constant.js'
import { oneHot } from '../ops/one-hot.js'
import { reduceSum } from '../ops/reduce-sum.js'
import { add, neg } from '../ops/scalar-functions.js'
import { fieldNamed, rowOfValue } from './field-facts.js'
import { columns } from './mixed-loss.js'

type AssignedLoss = Extract<LossJob, { mode: 'assigned' }>

/** ids [B, F] to weights [B, K] of ones and zeros, in the order of candidatesOf. Refuses values of one row with two candidates. */
export function assignedWeights(loss: AssignedLoss, ids: Tensor, facts: DataFacts): Tensor {
  const field = fieldNamed(facts, loss.field)
  const candidateOfRow = new Map<number, string>()
  for (const { value, candidate } of loss.values) {
    const row = rowOfValue(field, value)
    const text = JSON.stringify(candidate)
    if ((candidateOfRow.get(row) ?? text) !== text)
      throw configError('controller-field', `[loss] wanted one loss for '${value}' of ${loss.field} and the values that share its row, got two`)
    candidateOfRow.set(row, text)
  }
  const others = JSON.stringify(loss.others)
  const texts = candidatesOf(loss).map((candidate) => JSON.stringify(candidate))
  const shares = new Map<string, Tensor>()
  for (const text of texts) {
    const rows = [...candidateOfRow.keys()].filter((row) => text !== others && candidateOfRow.get(row) === text).sort((a, b) => a - b)
    if (rows.length > 0) shares.set(text, reduceSum(oneHot(ids, field.field, rows), 1))
  }
  const assigned = [...shares.values()].reduce((sum, share) => add(sum, share), constant(0, ['B']))
  return columns(texts.map((text) => shares.get(text) ?? add(neg(assigned), 1)))
}
