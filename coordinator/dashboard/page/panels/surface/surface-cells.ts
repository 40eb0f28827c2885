/** What a surface's maps show, as plain numbers: K candidates, P probabilities, rows by label and by value of a field. */
import type { Surface } from './surfaces.js'

/** Numbers by size, texts by the alphabet. */
export function valuesOf({ rows }: Surface): string[] {
  return [...new Set(rows.map(({ value }) => value))].sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
}

export function labelsOf({ rows }: Surface): number[] {
  return [...new Set(rows.map(({ label }) => label))].sort((a, b) => a - b)
}

export const rowAt = ({ rows }: Surface, label: number, value: string) => rows.find((row) => row.label === label && row.value === value)

/** Of one candidate over the probabilities; empty where the row is unknown. */
export function weightsOf(surface: Surface, label: number, value: string, candidate: number): readonly number[] {
  const count = surface.probabilities.length
  return rowAt(surface, label, value)?.weights.slice(candidate * count, (candidate + 1) * count) ?? []
}

/** The weights of all candidates [K] at one probability. */
export function mixtureAt(surface: Surface, label: number, value: string, at: number): number[] {
  const { candidates, probabilities } = surface
  const weights = rowAt(surface, label, value)?.weights
  return candidates.map((_, k) => weights?.[k * probabilities.length + at] ?? Number.NaN)
}

/** The weights of all candidates [K], mean over the probabilities. */
export function meanMixture(surface: Surface, label: number, value: string): number[] {
  const count = surface.probabilities.length
  return surface.candidates.map((_, k) => weightsOf(surface, label, value, k).reduce((sum, weight) => sum + weight, 0) / count)
}

/** One candidate at one step: a row of P weights for each value. */
export const valueCells = (surface: Surface, label: number, values: readonly string[], candidate: number): (readonly number[])[] =>
  values.map((value) => weightsOf(surface, label, value, candidate))

/** One candidate over the steps: `rows` rows of P weights at even steps, the newest on top. A surface holds until the next one. */
export function stepCells(
  surfaces: readonly Surface[],
  of: { readonly label: number; readonly value: string; readonly candidate: number },
  rows: number,
): (readonly number[])[] {
  const weights = surfaces.map((surface) => weightsOf(surface, of.label, of.value, of.candidate))
  return Array.from({ length: rows }, (_, i) => weights[surfaceIndex(surfaces, 1 - i / Math.max(1, rows - 1))] ?? [])
}

/** The surface that holds at a part of the way from the first step to the last. */
export function surfaceIndex(surfaces: readonly Surface[], part: number): number {
  const [first, last] = [surfaces[0]?.step ?? 0, surfaces.at(-1)?.step ?? 0]
  const step = first + part * (last - first)
  return Math.max(
    0,
    surfaces.findLastIndex((surface) => surface.step <= step + 1e-9),
  )
}

/** Total variation between the mixtures of two values, mean over the probabilities: 0 alike, 1 nothing in common. */
export function rowDistance(surface: Surface, label: number, a: string, b: string): number {
  const [left, right] = [rowAt(surface, label, a)?.weights ?? [], rowAt(surface, label, b)?.weights ?? []]
  const sum = left.reduce((total, weight, i) => total + Math.abs(weight - (right[i] ?? weight)), 0)
  return sum / 2 / surface.probabilities.length
}
