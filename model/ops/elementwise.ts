/** Elementwise ops: what they have in common. A family member is a scalar function, its derivative in ops and its ONNX nodes. */
import type { Attributes, Tensor } from '../graph.js'
import { asDense, type OnnxNames, type OnnxNode, type Op, wantDense } from '../op.js'
import type { Function1 } from '../program.js'
import type { Sample } from '../sample.js'
import { sumTo } from './broadcast.js'
import { broadcastShape, readStrides, walk } from './broadcasting.js'

export interface ScalarFunction {
  readonly name: Function1
  /** The function in float64; b is NaN for unary ones, value is attributes.value. */
  f(a: number, b: number, value: number): number
  /** The gradient of each input at the result's shape; broadcasting is undone here. Absent: the derivative is zero wherever there is one. */
  gradient?(node: Tensor, d: Tensor): readonly Tensor[]
  onnx(names: OnnxNames, value: number): readonly OnnxNode[]
  readonly samples: readonly Sample[]
}

export function elementwise({ name, f, gradient, onnx, samples }: ScalarFunction): Op {
  return {
    name,
    elementwise: name,
    samples,
    result(inputs) {
      wantDense(name, inputs)
      return {
        shape: broadcastShape(
          name,
          inputs.map((input) => input.shape),
        ),
      }
    },
    ...(gradient && { gradient: (node: Tensor, d: Tensor) => gradient(node, d).map((each, i) => sumTo(each, node.inputs[i]!.shape)) }),
    reference({ inputs, attributes, shape }) {
      const [a, b] = inputs.map(asDense)
      const value = numberOf(attributes)
      const strides = inputs.map((input) => readStrides(input.shape, shape))
      return { shape, data: walk(shape, strides, ([i, j]) => f(a!.data[i!]!, b ? b.data[j!]! : Number.NaN, value)) }
    },
    onnx: (node, names) => onnx(names, numberOf(node.attributes)),
  }
}

/** The number of a `*_constant` function; 0 for the others. */
function numberOf(attributes: Attributes): number {
  return (attributes.value as number | undefined) ?? 0
}
