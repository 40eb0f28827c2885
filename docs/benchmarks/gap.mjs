// How much of the gap in test logloss between one arm of a comparison and another each arm closes: (from − arm) / (from − to) of the same seed.
// Usage: node docs/benchmarks/gap.mjs COMPARE_DIR FROM TO       such as: node docs/benchmarks/gap.mjs runs/compare-noisy-slice bce oracle
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const [directory, from, to] = process.argv.slice(2)
const { cells } = JSON.parse(readFileSync(join(directory, 'compare.json'), 'utf8'))
const loglossOf = (arm) => new Map(cells.filter((cell) => cell.arm === arm).map(({ seed, scores }) => [seed, scores.logloss]))
const [start, end] = [loglossOf(from), loglossOf(to)]
for (const arm of new Set(cells.map(({ arm }) => arm))) {
  const shares = [...loglossOf(arm)].map(([seed, logloss]) => (start.get(seed) - logloss) / (start.get(seed) - end.get(seed)))
  const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length
  const deviation = Math.sqrt(shares.reduce((sum, share) => sum + (share - mean) ** 2, 0) / (shares.length - 1))
  const percent = (share) => `${(100 * share).toFixed(1)} %`
  console.log(`${arm}: ${percent(mean)} ± ${percent(deviation)} of the gap from ${from} to ${to}; by seed ${shares.map(percent).join(', ')}`)
}
