/** Means over seeds and what may be said about their differences. All in float64; an undefined number is NaN. */

export interface Spread {
  readonly mean: number
  /** Of the sample, with n − 1; NaN for one value. */
  readonly sd: number
  readonly n: number
}

export interface Interval {
  readonly mean: number
  readonly low: number
  readonly high: number
  readonly n: number
}

export function spread(values: readonly number[]): Spread {
  const n = values.length
  const mean = values.reduce((sum, value) => sum + value, 0) / n
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  return { mean, sd: n > 1 ? Math.sqrt(squares / (n - 1)) : Number.NaN, n }
}

/** Mean of differences by seed and its 95 % interval by Student's t: mean ± t(0.975, n − 1) · sd / √n. */
export function pairedInterval(differences: readonly number[]): Interval {
  const { mean, sd, n } = spread(differences)
  const half = n > 1 ? (tQuantile(0.975, n - 1) * sd) / Math.sqrt(n) : Number.NaN
  return { mean, low: mean - half, high: mean + half, n }
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  return sorted.length % 2 === 1 ? sorted[Math.floor(middle)]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** The value that Student's t with a whole number of degrees of freedom stays below with this probability, from 0.5 to below 1. */
export function tQuantile(probability: number, degrees: number): number {
  let [low, high] = [0, 1]
  while (tBelow(high, degrees) < probability) high *= 2
  for (let i = 0; i < 100; i++) {
    const middle = (low + high) / 2
    if (tBelow(middle, degrees) < probability) low = middle
    else high = middle
  }
  return (low + high) / 2
}

/** P(T < t) for t ≥ 0 by the finite sums for whole degrees of freedom: Abramowitz and Stegun 26.7.3 and 26.7.4. */
function tBelow(t: number, degrees: number): number {
  const angle = Math.atan(t / Math.sqrt(degrees))
  const [sine, squared] = [Math.sin(angle), Math.cos(angle) ** 2]
  const odd = degrees % 2
  // Even: 1 + 1/2 cos² + 1·3/(2·4) cos⁴ + …; odd: cos (1 + 2/3 cos² + 2·4/(3·5) cos⁴ + …).
  let term = odd === 1 ? Math.cos(angle) : 1
  let sum = 0
  for (let k = 1 + odd; k < degrees; k += 2) {
    sum += term
    term *= (k / (k + 1)) * squared
  }
  const within = odd === 1 ? (2 / Math.PI) * (angle + sine * sum) : sine * sum
  return 0.5 + within / 2
}
