/**
 * Numbers as pictures of text: a curve of braille dots, two by four in a cell; columns and bars of eighths of a block. Where a terminal shows
 * ASCII alone, a star a cell.
 */
const dots = [
  [0x01, 0x02, 0x04, 0x40],
  [0x08, 0x10, 0x20, 0x80],
] as const
const columns = ' ▁▂▃▄▅▆▇█'
const parts = ' ▏▎▍▌▋▊▉'

/** By x ascending. */
export type Point = readonly [x: number, y: number]

/** Lines from the top; equal values lie in the middle. Fewer points than dots are joined. */
export function curve(points: readonly Point[], width: number, height: number, unicode: boolean): string[] {
  const [across, down] = unicode ? [2, 4] : [1, 1]
  const grid = Array.from({ length: height }, () => new Array<number>(width).fill(0))
  const means = resample(points, width * across)
  const { least, most } = range(means)
  let before: number | undefined
  means.forEach((value, x) => {
    if (Number.isNaN(value)) return
    const part = most > least ? (most - value) / (most - least) : 0.5
    const y = Math.min(height * down - 1, Math.floor(part * height * down))
    // A steep piece of the curve is drawn through, so that it stays one line.
    const from = before === undefined || before === y ? y : before + Math.sign(y - before)
    for (let at = Math.min(from, y); at <= Math.max(from, y); at++) {
      const row = grid[Math.floor(at / down)]!
      row[Math.floor(x / across)]! |= dots[x % across]![at % down]!
    }
    before = y
  })
  const glyph = (cell: number) => (cell === 0 ? ' ' : unicode ? String.fromCharCode(0x2800 + cell) : '*')
  return grid.map((row) => row.map(glyph).join(''))
}

/** Columns from zero. */
export function spark(points: readonly Point[], width: number, unicode: boolean): string {
  const means = resample(points, width)
  const most = Math.max(0, range(means).most)
  const level = (value: number) => (most > 0 && value > 0 ? Math.max(1, Math.round((8 * value) / most)) : 0)
  return means.map((value) => (unicode ? columns[level(value)] : '._-=*#'[Math.round((5 * level(value)) / 8)])).join('')
}

/** `part` of a bar, from 0 to 1. */
export function bar(part: number, width: number, unicode: boolean): string {
  const eighths = Math.round(Math.min(1, Math.max(0, part)) * width * 8)
  const full = Math.floor(eighths / 8)
  if (!unicode) return '#'.repeat(Math.round(eighths / 8))
  return '█'.repeat(full) + (eighths % 8 > 0 ? parts[eighths % 8] : '')
}

/** Of the values that are numbers. */
export function range(values: readonly number[]): { least: number; most: number } {
  const known = values.filter((value) => Number.isFinite(value))
  return { least: Math.min(...known), most: Math.max(...known) }
}

/** Means of equal pieces of x; where a piece has no point, the line between its neighbours. All NaN where no value is a number. */
export function resample(points: readonly Point[], count: number): number[] {
  const known = points.filter(([, y]) => Number.isFinite(y))
  const sums = Array.from({ length: count }, () => ({ sum: 0, count: 0 }))
  const [first, last] = [known[0]?.[0] ?? 0, known.at(-1)?.[0] ?? 0]
  for (const [x, y] of known) {
    const piece = sums[last > first ? Math.min(count - 1, Math.floor(((x - first) / (last - first)) * count)) : 0]!
    piece.sum += y
    piece.count++
  }
  const means = sums.map(({ sum, count }) => sum / count)
  const places = means.flatMap((mean, i) => (Number.isNaN(mean) ? [] : [i]))
  return means.map((mean, i) => {
    if (!Number.isNaN(mean) || places.length === 0) return mean
    const before = places.findLast((at) => at < i) ?? places[0]!
    const after = places.find((at) => at > i) ?? before
    return means[before]! + (after > before ? ((i - before) / (after - before)) * (means[after]! - means[before]!) : 0)
  })
}
