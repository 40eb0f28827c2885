/** The controller's first weights: as the model's (philox.ts), each parameter by its own name, so that a wider one leaves the others alone. */
import { initialRows } from '../philox.js'
import type { ParameterSpec } from '../plan.js'

/** phi, the parameters back to back. */
export function initialController(parameters: readonly ParameterSpec[], seed: bigint): Float32Array {
  const pieces = parameters.map(({ name, shape, init }) => {
    const [rows, width] = shape.length === 2 ? (shape as [number, number]) : [1, shape[0]!]
    return initialRows(init, seed, `controller/${name}`, 0, rows, width)
  })
  const phi = new Float32Array(pieces.reduce((sum, { length }) => sum + length, 0))
  let from = 0
  for (const piece of pieces) {
    phi.set(piece, from)
    from += piece.length
  }
  return phi
}
