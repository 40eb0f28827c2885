/**
 * `lossmith bench`: examples/s of the training step on batches in memory, and a race against another program, turn by turn.
 * A peer is any command that prints "median N ex/s".
 */
import { spawnSync } from 'node:child_process'
import type { Command } from 'commander'
import { brokenError, configError } from '../../common/errors.js'
import type { BenchRankOptions, BenchTimes } from './bench-rank.js'
import { runBench } from './run-bench.js'

interface BenchFlags {
  workers: number
  threads: number
  batch: number
  lanes: number
  rows: number
  steps: number
  warm: number
  rounds: number
  peer: string[]
  json?: boolean
}

export function addBenchCommand(program: Command): void {
  program
    .command('bench')
    .description('measure the training step on DeepFM (26 fields and 13 numbers × 16, MLP 400×3), alone or against other programs')
    .option('--workers <n>', 'worker processes on this machine', wholeNumber, 1)
    .option('--threads <n>', 'threads of each worker', wholeNumber, 2)
    .option('--batch <n>', 'global batch, in examples', wholeNumber, 4096)
    .option('--lanes <n>', 'lanes of the batch', wholeNumber, 8)
    .option('--rows <n>', 'rows of the embedding tables', wholeNumber, 1_000_012)
    .option('--steps <n>', 'measured steps', wholeNumber, 20)
    .option('--warm <n>', 'steps before that', wholeNumber, 5)
    .option('--rounds <n>', 'turns, when there is a peer', wholeNumber, 3)
    .option('--peer <command>', 'a command that prints "median N ex/s"; may be given more than once', (value, all: string[]) => [...all, value], [])
    .addHelpText('after', `\nExample:\n  lossmith bench --workers 2 --threads 1\n  lossmith bench --peer 'python3 docs/benchmarks/deepfm_torch.py --sparse' --rounds 5\n`)
    .action(async (flags: BenchFlags, command: Command) => {
      const result = await bench(flags)
      if (command.optsWithGlobals().json) console.log(JSON.stringify(result))
    })
}

async function bench(flags: BenchFlags) {
  if (flags.batch % flags.lanes !== 0) throw configError('bench-batch', `[--batch] wanted a multiple of ${flags.lanes} lanes, got ${flags.batch}`)
  const rounds = flags.peer.length === 0 ? 1 : flags.rounds
  const ours: number[] = []
  const peers = flags.peer.map((command) => ({ command, rates: [] as number[] }))
  for (let round = 0; round < rounds; round++) {
    const times = await runBench(rankOptions(flags))
    ours.push(flags.batch / (median(times.total) / 1000))
    console.error(describe(flags, times))
    for (const peer of peers) {
      peer.rates.push(peerRate(peer.command))
      console.error(`  ${peer.command}: ${Math.round(peer.rates.at(-1)!)} ex/s`)
    }
  }
  for (const peer of peers) console.error(`ratio of medians over ${peer.command}: ${(median(ours) / median(peer.rates)).toFixed(2)}`)
  return { examplesPerSecond: median(ours), rounds: ours, peers: peers.map((p) => ({ ...p, median: median(p.rates), ratio: median(ours) / median(p.rates) })) }
}

const rankOptions = (flags: BenchFlags): Omit<BenchRankOptions, 'rank'> => ({
  world: flags.workers,
  threads: flags.threads,
  batch: flags.batch,
  lanes: flags.lanes,
  rows: flags.rows,
  fields: 26,
  numbers: 13,
  width: 16,
  hidden: [400, 400, 400],
  steps: flags.steps,
  warm: flags.warm,
})

function describe(flags: BenchFlags, times: BenchTimes): string {
  const rate = Math.round(flags.batch / (median(times.total) / 1000))
  const phases = `compute ${median(times.compute).toFixed(1)} exchange ${median(times.exchange).toFixed(1)} update ${median(times.update).toFixed(1)} ms`
  return `lossmith workers=${flags.workers} threads=${flags.threads} batch=${flags.batch}: median ${rate} ex/s (${phases})`
}

function peerRate(command: string): number {
  const { stdout, stderr } = spawnSync('sh', ['-c', command], { encoding: 'utf8', timeout: 300_000 })
  const found = /median (\d+) ex\/s/.exec(stdout)
  if (!found) throw brokenError('bench-peer', `wanted "median N ex/s" from ${command}, got ${(stdout + stderr).slice(-500)}`)
  return Number(found[1])
}

function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)]!
}

function wholeNumber(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 1) throw configError('argument-invalid', `wanted a whole number above 0, got ${text}`)
  return value
}
