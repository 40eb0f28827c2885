/**
 * The least that a step of DeepFM or DLRM must do, whoever writes it: operations of its products, and bytes that must pass the memory of the GPU.
 * Rows of tables are read once a step (w) and read and written once (w, m, v) by row-lazy Adam; embeddings, their gradients and hidden activations
 * are too large for the caches. Sorting ids is left out. Divided by what this GPU was measured to do, one after the other, it is the floor.
 */
export interface StepShape {
  readonly model: 'deepfm' | 'dlrm'
  readonly batch: number
  readonly fields: number
  readonly numbers: number
  readonly rows: number
  readonly width: number
  readonly hidden: readonly number[]
}

export const dlrmBottom = 256

export interface Ceilings {
  /** Read and written, GB/s. */
  readonly copyGBs: number
  readonly matmulTFLOPs: number
}

export function floorOf(shape: StepShape, { copyGBs, matmulTFLOPs }: Ceilings): { operations: number; bytes: number; ms: number } {
  const operations = operationsOf(shape)
  const bytes = bytesOf(shape)
  return { operations, bytes, ms: 1000 * (operations / (matmulTFLOPs * 1e12) + bytes / (copyGBs * 1e9)) }
}

/** Forward, gradient of weights, gradient of inputs: three products of 2 · in · out for each example. */
function operationsOf({ model, batch, fields, numbers, width, hidden }: StepShape): number {
  const vectors = fields + 1
  const pairs = (vectors * (vectors - 1)) / 2
  const layers = model === 'deepfm' ? [fields * width + numbers, ...hidden, 1] : [width + pairs, ...hidden, 1]
  const bottom = model === 'dlrm' ? [numbers, dlrmBottom, width] : []
  return 6 * batch * (weightsOf(layers) + weightsOf(bottom) + (model === 'dlrm' ? pairs * width : 0))
}

function bytesOf({ model, batch, fields, rows, width, hidden }: StepShape): number {
  const embedded = 4 * batch * fields * width // float32
  const distinct = fields * distinctIds(batch, Math.floor(rows / fields))
  const columns = model === 'deepfm' ? width + 1 : width
  // Written by the lookup, read by the products forward and for the weights; the gradient written, read by the sum.
  const embeddings = 5 * embedded
  const tables = 4 * distinct * columns * (1 + 6)
  // Forward: written, read; backward: read twice, its gradient written, read twice.
  const activations = 7 * 4 * batch * hidden.reduce((sum, width) => sum + width, 0)
  return 8 * batch * fields + embeddings + tables + activations
}

const weightsOf = (layers: readonly number[]) => layers.slice(1).reduce((sum, width, i) => sum + layers[i]! * width, 0)

/** Expected number of different ids of a field among `draws` of P(k) = k^-1.2 / ζ(1.2), what lies beyond the last falling on it. */
export function distinctIds(draws: number, ids: number): number {
  const zeta = 5.591582441177751
  let distinct = 0
  let rest = 1
  for (let k = 1; k <= ids; k++) {
    const p = k === ids ? rest : k ** -1.2 / zeta
    distinct += 1 - Math.exp(draws * Math.log1p(-Math.min(p, 1 - 1e-12)))
    rest -= p
  }
  return distinct
}
