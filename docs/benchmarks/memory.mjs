// Trains the same job on each log given and prints the peak memory (VmHWM) of every worker process.
// Usage: node docs/benchmarks/memory.mjs LOG [LOG ...] [-- arguments of `lossmith train`]
import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const cut = process.argv.indexOf('--')
const logs = process.argv.slice(2, cut < 0 ? undefined : cut)
const passed = cut < 0 ? [] : process.argv.slice(cut + 1)
const lossmith = fileURLToPath(new URL('../../dist/scripts/lossmith.js', import.meta.url))

for (const log of logs) {
  const folder = mkdtempSync(join(tmpdir(), 'lossmith-memory-'))
  const job = join(folder, 'job.yaml')
  writeFileSync(job, JSON.stringify({ data: { train: [resolve(log)] } }))
  const train = spawn('node', [lossmith, 'train', job, '--quiet', '--run', join(folder, 'run'), ...passed], { stdio: 'ignore' })
  const peaks = new Map()
  const timer = setInterval(() => {
    for (const [pid, peak] of workerPeaks(train.pid)) peaks.set(pid, Math.max(peak, peaks.get(pid) ?? 0))
  }, 100)
  const code = await new Promise((done) => train.on('exit', done))
  clearInterval(timer)
  rmSync(folder, { recursive: true, force: true })
  console.log(`${log}: exit ${code}, VmHWM of the workers ${[...peaks.values()].map((kb) => `${(kb / 1024).toFixed(0)} MiB`).join(', ')}`)
}

function workerPeaks(parent) {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const status = readFileSync(`/proc/${pid}/status`, 'utf8')
        if (!status.includes(`PPid:\t${parent}\n`)) return []
        return [[pid, Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0)]]
      } catch {
        return []
      }
    })
}
