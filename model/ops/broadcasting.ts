/** Broadcasting: shapes aligned at the end, 1 or missing repeats; how the references of elementwise ops read their inputs. */
import { type Dim, type Shape, showShape } from '../graph.js'
import { refuse } from '../op.js'

/** The common shape of several inputs, or a refusal. */
export function broadcastShape(op: string, shapes: readonly Shape[]): Shape {
  const rank = Math.max(...shapes.map((shape) => shape.length))
  return Array.from({ length: rank }, (_, axis) => {
    const dims = shapes.map((shape) => shape[axis - rank + shape.length] ?? 1)
    const large = dims.find((dim) => dim !== 1) ?? 1
    const fits = dims.every((dim: Dim) => dim === 1 || dim === large) && (large !== 'B' || axis === 0)
    if (!fits) throw refuse(op, 'shapes that broadcast', shapes.map(showShape).join(' and '))
    return large
  })
}

/** Strides to read a value of shape `from` at the indices of shape `to`: 0 where it repeats. */
export function readStrides(from: readonly number[], to: readonly number[]): number[] {
  const strides = to.map(() => 0)
  let stride = 1
  for (let axis = from.length - 1; axis >= 0; axis--) {
    if (from[axis] !== 1) strides[axis + to.length - from.length] = stride
    stride *= from[axis]!
  }
  return strides
}

/** Fills a value of `shape`, asking for each element with the places of the inputs that belong to it. */
export function walk(
  shape: readonly number[],
  strides: readonly (readonly number[])[],
  element: (places: readonly number[]) => number,
): Float64Array {
  const out = new Float64Array(shape.reduce((size, dim) => size * dim, 1))
  const places = strides.map(() => 0)
  for (let at = 0; at < out.length; at++) {
    places.fill(0)
    let rest = at
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const index = rest % shape[axis]!
      rest = Math.floor(rest / shape[axis]!)
      for (const [i, stride] of strides.entries()) places[i]! += index * stride[axis]!
    }
    out[at] = element(places)
  }
  return out
}
