/** Runs the ranks of a benchmark as processes, carries their Gloo addresses, and gives back rank 0's times. */
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { brokenError } from '../../common/errors.js'
import type { BenchRankOptions, BenchTimes } from './bench-rank.js'

const rankFile = fileURLToPath(new URL('./bench-rank.js', import.meta.url))

export async function runBench(options: Omit<BenchRankOptions, 'rank'>, timeoutMs = 300_000): Promise<BenchTimes> {
  const ranks = Array.from({ length: options.world }, (_, rank) =>
    fork(rankFile, { env: { ...process.env, LOSSMITH_BENCH_RANK: JSON.stringify({ ...options, rank }) } }),
  )
  const addresses: string[] = []
  const timer = setTimeout(() => stop(), timeoutMs)
  const stop = () => {
    for (const rank of ranks) rank.kill('SIGKILL')
  }
  try {
    const all = await Promise.all(
      ranks.map(
        (child, rank) =>
          new Promise<BenchTimes>((resolve, reject) => {
            child.on('message', (message: { address?: string; times?: BenchTimes }) => {
              if (message.times) resolve(message.times)
              if (message.address === undefined) return
              addresses[rank] = message.address
              if (Object.keys(addresses).length === options.world) for (const each of ranks) each.send(addresses)
            })
            child.on('exit', (code, signal) => reject(brokenError('bench-failed', `wanted times from rank ${rank}, got exit ${code ?? signal}`)))
          }),
      ),
    )
    return all[0]!
  } finally {
    clearTimeout(timer)
    stop()
  }
}
