/** A stretch of numbers laid out on a stretch of pixels, with round numbers to mark. */

export interface Axis {
  readonly from: number
  readonly to: number
  /** Values to mark, and how they are written. */
  readonly ticks: readonly number[]
  readonly label: (value: number) => string
}

/** Covers the values; with `wide` it ends at marks. At most about `count` marks. */
export function axis(values: Iterable<number>, { count = 5, wide = true }: { count?: number; wide?: boolean } = {}): Axis {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const value of values) if (Number.isFinite(value)) [low, high] = [Math.min(low, value), Math.max(high, value)]
  if (low > high) [low, high] = [0, 1]
  if (low === high) {
    const margin = Math.abs(low) * 0.1 || 1
    low -= margin
    high += margin
  }
  const step = roundStep((high - low) / count)
  const [first, last] = wide
    ? [Math.floor(low / step + 1e-9), Math.ceil(high / step - 1e-9)]
    : [Math.ceil(low / step - 1e-9), Math.floor(high / step + 1e-9)]
  const ticks = Array.from({ length: last - first + 1 }, (_, i) => multiple(first + i, step))
  const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9))
  const digits = { minimumFractionDigits: decimals, maximumFractionDigits: decimals }
  const label = (value: number) => `${value < 0 ? '−' : ''}${Math.abs(value).toLocaleString('en', digits)}`
  return { from: wide ? multiple(first, step) : low, to: wide ? multiple(last, step) : high, ticks, label }
}

/** From 0 to 1, as probabilities and weights are shown. */
export const unit: Axis = { from: 0, to: 1, ticks: [0, 0.25, 0.5, 0.75, 1], label: (value) => String(value) }

/** Pixels of a value; `low` and `high` are those of the axis's ends. */
export function place({ from, to }: Axis, low: number, high: number): (value: number) => number {
  return (value) => low + ((value - from) / (to - from)) * (high - low)
}

/** Without the last digits that are only rounding, such as 0.6000000000000001. */
const multiple = (times: number, step: number) => Number((times * step).toPrecision(12))

/** 1, 2 or 5 times a power of ten, at least the wanted size. */
function roundStep(wanted: number): number {
  const power = 10 ** Math.floor(Math.log10(wanted))
  return power * ([1, 2, 5].find((factor) => factor * power >= wanted * (1 - 1e-9)) ?? 10)
}
