/** The place on a surface that is looked at, and how the arrow keys move it: labels lie side by side, values below each other. */
export interface Cursor {
  /** Indices into the surface's labels, values and probabilities. */
  readonly label: number
  readonly value: number
  readonly at: number
}

export interface Extent {
  readonly labels: number
  readonly values: number
  readonly probabilities: number
}

const deltas: Record<string, readonly [right: number, down: number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
  PageUp: [-8, 0],
  PageDown: [8, 0],
  Home: [Number.NEGATIVE_INFINITY, 0],
  End: [Number.POSITIVE_INFINITY, 0],
}

/** Undefined for a key that moves nothing. */
export function moved(cursor: Cursor, key: string, { labels, values, probabilities }: Extent): Cursor | undefined {
  const delta = deltas[key]
  if (delta === undefined) return undefined
  const column = Math.min(labels * probabilities - 1, Math.max(0, cursor.label * probabilities + cursor.at + delta[0]))
  const value = Math.min(values - 1, Math.max(0, cursor.value + delta[1]))
  return { label: Math.floor(column / probabilities), value, at: column % probabilities }
}
