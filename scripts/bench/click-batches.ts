/**
 * Batches in memory that look like a click log: ids by a power law within each field, numbers uniform, labels one in four.
 * The same distributions as docs/benchmarks/deepfm_torch.py, so that both sides of a race do the same work.
 */
const exponent = 1.2

export interface BatchShape {
  readonly examples: number
  readonly fields: number
  readonly numbers: number
  /** Rows of the shared table; every field has rows / fields of them for itself. */
  readonly rows: number
}

export function clickBatches(count: number, shape: BatchShape, seed: number): { labels: Float32Array; ids: BigInt64Array; numbers: Float32Array }[] {
  const perField = Math.floor(shape.rows / shape.fields)
  const cumulative = zipfCumulative(perField)
  const random = mulberry32(seed)
  return Array.from({ length: count }, () => {
    const ids = new BigInt64Array(shape.examples * shape.fields)
    for (let i = 0; i < ids.length; i++) ids[i] = BigInt((i % shape.fields) * perField + firstAbove(cumulative, random()))
    const numbers = Float32Array.from({ length: shape.examples * shape.numbers }, random)
    const labels = Float32Array.from({ length: shape.examples }, () => (random() < 0.25 ? 1 : 0))
    return { labels, ids, numbers }
  })
}

/** P(k) = k^-1.2 / ζ(1.2) for k = 1, 2, …; what lies beyond the last id falls on it. */
function zipfCumulative(ids: number): Float64Array {
  const cumulative = new Float64Array(ids)
  const zeta = 5.591582441177751
  let sum = 0
  for (let k = 0; k < ids; k++) {
    sum += (k + 1) ** -exponent / zeta
    cumulative[k] = sum
  }
  cumulative[ids - 1] = 1
  return cumulative
}

function firstAbove(cumulative: Float64Array, value: number): number {
  let low = 0
  let high = cumulative.length - 1
  while (low < high) {
    const middle = (low + high) >> 1
    if (cumulative[middle]! > value) high = middle
    else low = middle + 1
  }
  return low
}

/** A small 32-bit generator: benchmark data only; nothing that is trained on draws from it. */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}
