/** A table of text: columns of numbers to the right, the first to the left. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const wide = head.map((title, j) => Math.max(title.length, ...rows.map((row) => row[j]!.length)))
  const line = (cells: readonly string[]) => cells.map((cell, j) => (j === 0 ? cell.padEnd(wide[j]!) : cell.padStart(wide[j]!))).join('  ')
  return [line(head), wide.map((width) => '-'.repeat(width)).join('  '), ...rows.map(line)].join('\n')
}
