// Trains a job once per seed and prints mean ± standard deviation of AUC and logloss on the test split, by epoch.
// Usage: node docs/benchmarks/quality.mjs JOB [SEEDS] [-- arguments of `lossmith train`]
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const cut = process.argv.indexOf('--')
const own = process.argv.slice(2, cut < 0 ? undefined : cut)
const passed = cut < 0 ? [] : process.argv.slice(cut + 1)
const [job, seeds = '5'] = own
const lossmith = fileURLToPath(new URL('../../dist/scripts/lossmith.js', import.meta.url))

const byEpoch = new Map()
for (let seed = 1; seed <= Number(seeds); seed++) {
  const folder = mkdtempSync(join(tmpdir(), 'lossmith-quality-'))
  try {
    const run = ['train', job, '--json', '--quiet', '--run', join(folder, 'run'), '--set', `seed=${seed}`, ...passed]
    const result = JSON.parse(
      execFileSync('node', [lossmith, ...run], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })
        .trim()
        .split('\n')
        .at(-1),
    )
    const scores = result.metrics.filter((metric) => metric.split === 'test')
    console.log(`seed ${seed}`, ...scores.map((m) => `epoch ${m.epoch} ${m.auc.toFixed(4)}/${m.logloss.toFixed(4)}`))
    for (const m of scores) byEpoch.set(m.epoch, [...(byEpoch.get(m.epoch) ?? []), m])
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
for (const [epoch, scores] of byEpoch) {
  const auc = scores.map((m) => m.auc)
  const logloss = scores.map((m) => m.logloss)
  console.log(
    `epoch ${epoch}: AUC ${mean(auc).toFixed(4)} ± ${deviation(auc).toFixed(4)}, logloss ${mean(logloss).toFixed(4)} ± ${deviation(logloss).toFixed(4)}, ${auc.length} seeds`,
  )
}

function mean(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

function deviation(values) {
  return Math.sqrt(mean(values.map((value) => (value - mean(values)) ** 2)))
}
