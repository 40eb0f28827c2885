/**
 * The controller: a small network from what is known of an example (label, logit, values of fields) to the weights p [B, K] of the K
 * candidates, and to their entropy. Nothing is learned through its inputs: they are the model's numbers as they are.
 *
 *   h = hidden layers of relu over the inputs x
 *   a [B, K] = h · last + x · direct + bias, zeros at first, so that the first weights are uniform
 *   p = softmax(a / τ), with Gumbel noise g = −log(−log u) softmax((log softmax(a) + g) / τ)     (Zhao et al., KDD 2021)
 *
 * x · direct is there because zeros behind hidden layers are near a saddle, where a search may stay for some hundred steps; with it the weights
 * leave uniform at once. Without hidden layers a is linear as it is.
 *
 * Its inputs lie in about ±1 and never outside ±2.5, whatever the model does, so that huge logits of early steps do not saturate it:
 *   y      2y − 1                    one of C classes: one-hot [C]
 *   z      z / 4 within ±2.5         log softmax(z) / 4 from −2.5 on
 *   p      2σ(z) − 1                 softmax(z)
 *   error  2|y − σ(z)| − 1           |one-hot − softmax(z)|
 *   field:<name>                     a learned vector for each value of the field; a value that the survey did not see has zeros
 */
import type { FieldFacts } from '../../common/data-facts.js'
import type { ControllerJob } from '../../common/job/loss.js'
import { type Init, innerSize, type Tensor } from '../graph.js'
import { broadcast } from '../ops/broadcast.js'
import { concat } from '../ops/concat.js'
import { matmul } from '../ops/matmul.js'
import { reduceMax } from '../ops/reduce-max.js'
import { reduceSum } from '../ops/reduce-sum.js'
import { reshape } from '../ops/reshape.js'
import { abs, add, div, exp, log, max, min, mul, neg, relu, sigmoid, sub } from '../ops/scalar-functions.js'
import { slice } from '../ops/slice.js'
import { softmax } from '../ops/softmax.js'
import { uniform } from '../ops/uniform.js'
import type { ParameterSpec } from '../plan.js'

export interface ControllerShape {
  readonly job: Pick<ControllerJob, 'inputs' | 'hidden' | 'fieldWidth' | 'gumbel'>
  /** K */
  readonly candidates: number
  /** 1, or C for logits [B, C]. */
  readonly classes: number
  /** Facts of every field among the inputs. */
  readonly fields: readonly FieldFacts[]
}

/** What the controller is told of a batch. */
export interface Observed {
  /** [B], or [B, C] */
  readonly logits: Tensor
  /** [B], or one-hot [B, C] */
  readonly labels: Tensor
  /** By name of field: [B, values], 1 in the place of the example's value. */
  readonly fields: ReadonlyMap<string, Tensor>
}

export interface Weighing {
  /** p [B, K], their sum is 1. */
  readonly weights: Tensor
  /** H [B] = −Σ_k p_k log p_k */
  readonly entropy: Tensor
  /** The parameters as they were cut out of phi, in the order of `parameters`: what gradients are taken in. */
  readonly pieces: readonly Tensor[]
}

export class Controller {
  readonly shape: ControllerShape
  /** phi is these back to back. */
  readonly parameters: readonly ParameterSpec[]
  /** P */
  readonly size: number

  constructor(shape: ControllerShape) {
    this.shape = shape
    this.parameters = parametersOf(shape)
    this.size = this.parameters.reduce((sum, { shape }) => sum + innerSize(shape), 0)
  }

  /** phi [P] and temperature τ [1]. `noisy` false leaves Gumbel noise out, and with it τ: then p is the mean of what a low τ draws. */
  weigh(observed: Observed, phi: Tensor, temperature: Tensor, noisy = true): Weighing {
    const { job, candidates } = this.shape
    const pieces = cut(phi, this.parameters)
    const named = new Map(this.parameters.map(({ name }, i) => [name, pieces[i]!]))
    const a = this.#logits(observed, named)
    let scaled = div(a, temperature)
    if (job.gumbel) {
      const noise = () => neg(log(neg(log(uniform(candidates, 'controller/gumbel')))))
      scaled = noisy ? div(add(logSoftmax(a), noise()), temperature) : a
    }
    const weights = softmax(scaled)
    return { weights, entropy: neg(reduceSum(mul(weights, logSoftmax(scaled)), 1)), pieces }
  }

  #logits(observed: Observed, named: ReadonlyMap<string, Tensor>): Tensor {
    const { job, candidates } = this.shape
    const bias = named.get('last.bias')!
    if (job.inputs.length === 0) return broadcast(bias, ['B', candidates])
    const x = concat(job.inputs.map((input) => inputOf(input, observed, named)))
    let h = x
    for (const i of job.hidden.keys()) h = relu(add(matmul(h, named.get(`hidden.${i}.weight`)!), named.get(`hidden.${i}.bias`)!))
    const a = add(matmul(h, named.get('last.weight')!), bias)
    const direct = named.get('direct.weight')
    return direct ? add(a, matmul(x, direct)) : a
  }
}

/** The name of the field of an input `field:<name>`; undefined for the others. */
export function fieldOfInput(input: string): string | undefined {
  return input.startsWith('field:') ? input.slice('field:'.length) : undefined
}

/** [B, width] */
function inputOf(input: string, observed: Observed, named: ReadonlyMap<string, Tensor>): Tensor {
  const field = fieldOfInput(input)
  if (field !== undefined) return matmul(observed.fields.get(field)!, named.get(`${input}.vectors`)!)
  const { logits, labels } = observed
  if (logits.shape.length === 2) return inputOfClasses(input, logits, labels)
  const column = (x: Tensor) => reshape(x, ['B', 1])
  const centred = (x: Tensor) => column(sub(mul(x, 2), 1))
  switch (input) {
    case 'y':
      return centred(labels)
    case 'z':
      return column(clamped(logits))
    case 'p':
      return centred(sigmoid(logits))
    default:
      return centred(abs(sub(labels, sigmoid(logits))))
  }
}

function inputOfClasses(input: string, logits: Tensor, labels: Tensor): Tensor {
  switch (input) {
    case 'y':
      return labels
    case 'z':
      return clamped(logSoftmax(logits))
    case 'p':
      return softmax(logits)
    default:
      return abs(sub(labels, softmax(logits)))
  }
}

const clamped = (z: Tensor) => min(max(mul(z, 0.25), -2.5), 2.5)

function logSoftmax(x: Tensor): Tensor {
  const lowered = sub(x, reduceMax(x, -1, { keepDims: true }))
  return sub(lowered, log(reduceSum(exp(lowered), -1, { keepDims: true })))
}

function cut(phi: Tensor, parameters: readonly ParameterSpec[]): Tensor[] {
  let from = 0
  return parameters.map(({ shape }) => {
    const size = innerSize(shape)
    from += size
    return reshape(slice(phi, 0, from - size, size), shape)
  })
}

function parametersOf({ job: { inputs, hidden, fieldWidth }, candidates, classes, fields }: ControllerShape): ParameterSpec[] {
  const parameters: ParameterSpec[] = []
  const parameter = (name: string, shape: number[], init: Init) => parameters.push({ name, shape, init })
  let width = 0
  for (const input of inputs) {
    const values = fields.find(({ name }) => name === fieldOfInput(input))?.values
    if (values) parameter(`${input}.vectors`, [values.length, fieldWidth], { kind: 'normal', deviation: 0.5 })
    width += values ? fieldWidth : classes
  }
  if (inputs.length > 0) {
    if (hidden.length > 0) parameter('direct.weight', [width, candidates], { kind: 'zeros' })
    for (const [i, units] of hidden.entries()) {
      const init: Init = { kind: 'uniform', bound: 1 / Math.sqrt(width) }
      parameter(`hidden.${i}.weight`, [width, units], init)
      parameter(`hidden.${i}.bias`, [units], init)
      width = units
    }
    parameter('last.weight', [width, candidates], { kind: 'zeros' })
  }
  parameter('last.bias', [candidates], { kind: 'zeros' })
  return parameters
}
