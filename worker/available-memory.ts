/**
 * Memory that this process may still take, in bytes: what the machine could free (caches count as free), within the limits of the process's
 * control groups (version 2). 0: unknown.
 */
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

export function availableMemory(proc = '/proc', groups = '/sys/fs/cgroup'): number {
  const machine = Number(/^MemAvailable:\s*(\d+) kB/m.exec(read(join(proc, 'meminfo')))?.[1] ?? 0) * 1024
  const group = /^0::(.*)$/m.exec(read(join(proc, 'self/cgroup')))?.[1]
  if (group === undefined || machine === 0) return machine
  let least = machine
  // A limit may be set at any group above the own one.
  for (let path = group; ; path = dirname(path)) {
    least = Math.min(least, leftIn(join(groups, path)))
    if (path === '/' || path === '.') return least
  }
}

function leftIn(folder: string): number {
  const limit = Number(read(join(folder, 'memory.max')).trim() || Number.NaN)
  if (!Number.isFinite(limit)) return Number.POSITIVE_INFINITY
  const used = Number(read(join(folder, 'memory.current')))
  const files = Number(/^inactive_file (\d+)$/m.exec(read(join(folder, 'memory.stat')))?.[1] ?? 0)
  return Math.max(0, limit - used + files)
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return '' // not this kernel, or not this group
  }
}
