/**
 * `lossmith bench`: examples/s of the training step on batches in memory, and a race against other programs, turn by turn.
 * A peer is any command that prints "median N ex/s". Ratios are of medians over the rounds of one call.
 */
import { spawnSync } from 'node:child_process'
import { configError } from '../../common/errors.js'
import { loadNative } from '../../native/ts/load.js'
import { ownGpus } from '../../worker/own-gpus.js'
import type { BenchTimes } from '../bench/bench-rank.js'
import { runBench } from '../bench/run-bench.js'
import type { Terminal } from '../terminal.js'

export interface BenchOptions {
  readonly model: 'deepfm' | 'dlrm'
  readonly width: number
  readonly workers: number
  readonly threads: number
  readonly batch: number
  readonly lanes: number
  readonly rows: number
  readonly steps: number
  readonly warm: number
  readonly rounds: number
  readonly device: 'auto' | 'cpu' | 'cuda'
  readonly precision: 'float32' | 'tf32' | 'bf16'
  readonly peer: readonly string[]
}

export async function bench(options: BenchOptions, terminal: Terminal): Promise<number> {
  const { batch, lanes, workers } = options
  if (batch % lanes !== 0 || workers > lanes)
    throw configError(
      'bench-shape',
      `wanted a batch that ${lanes} lanes divide and at most as many workers, got --batch ${batch} --workers ${workers}`,
    )

  const { gpus } = ownGpus(options, loadNative())
  if (gpus.length === 0 && options.precision !== 'float32')
    throw configError('no-gpu', `wanted a GPU for --precision ${options.precision}, got a CPU, which knows float32 only`)
  const on = gpus.length === 0 ? 'the CPU' : `${gpus[0]!.name}, ${options.precision}`
  const ours: number[] = []
  const peers = options.peer.map((command) => ({ command, rates: [] as number[] }))
  let last: BenchTimes | undefined
  for (let round = 1; round <= (peers.length === 0 ? 1 : options.rounds); round++) {
    last = await runBench({
      ...options,
      gpus: gpus.map(({ ordinal }) => ordinal!),
      world: workers,
      fields: 26,
      numbers: 13,
      hidden: [400, 400, 400],
    })
    ours.push((1000 * batch) / median(last.total))
    for (const { command, rates } of peers) rates.push(peerRate(command))
    const rates = [['lossmith', ours.at(-1)!] as const, ...peers.map((peer) => [peer.command, peer.rates.at(-1)!] as const)]
    terminal.note(`round ${round}: ${rates.map(([name, rate]) => `${name} ${Math.round(rate)}`).join(', ')} ex/s`, {
      round,
      rates: Object.fromEntries(rates),
    })
  }
  terminal.result(summary(options, on, ours, last!, peers), {
    ok: true,
    device: on,
    examplesPerSecond: median(ours),
    stepMs: phases(last!),
    peers: peers.map(({ command, rates }) => ({ command, examplesPerSecond: median(rates), ratio: median(ours) / median(rates) })),
  })
  return 0
}

function summary(
  { workers, threads, batch }: BenchOptions,
  on: string,
  ours: number[],
  times: BenchTimes,
  peers: { command: string; rates: number[] }[],
): string {
  const { total, compute, exchange, update } = phases(times)
  return [
    `lossmith on ${on}, ${workers} workers × ${threads} threads, batch ${batch}: median ${Math.round(median(ours))} ex/s`,
    `a step: ${total.toFixed(1)} ms = compute ${compute.toFixed(1)} + exchange ${exchange.toFixed(1)} + update ${update.toFixed(1)}`,
    ...peers.map(({ command, rates }) => `${(median(ours) / median(rates)).toFixed(2)} × ${command} (median ${Math.round(median(rates))} ex/s)`),
  ].join('\n')
}

const phases = ({ total, compute, exchange, update }: BenchTimes) => ({
  total: median(total),
  compute: median(compute),
  exchange: median(exchange),
  update: median(update),
})

function peerRate(command: string): number {
  const { stdout, stderr } = spawnSync('sh', ['-c', command], { encoding: 'utf8', timeout: 300_000 })
  const found = /median (\d+) ex\/s/.exec(stdout)
  if (!found) throw configError('bench-peer', `wanted "median N ex/s" from ${command}, got ${(stdout + stderr).slice(-500)}`)
  return Number(found[1])
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!
}
