/**
 * Exponential mean of unevenly spaced values, without the bias of its start: value i weighs exp(−(x_now − x_i) / width).
 * Where a value is missing (NaN) the mean is too. `width` 0: the values themselves.
 */
export function smooth(x: ArrayLike<number>, y: ArrayLike<number>, width: number): Float64Array {
  const means = new Float64Array(y.length).fill(Number.NaN)
  let sum = 0
  let weight = 0
  let last = Number.NaN
  for (let i = 0; i < y.length; i++) {
    const value = y[i]!
    if (Number.isNaN(value)) continue
    const decay = Number.isNaN(last) || width <= 0 ? 0 : Math.exp(-(x[i]! - last) / width)
    sum = sum * decay + value
    weight = weight * decay + 1
    last = x[i]!
    means[i] = sum / weight
  }
  return means
}

/** Parts of what is shown that the mean of losses reaches back over. */
export const lossWidths = { none: 0, some: 0.01, more: 0.05 }
