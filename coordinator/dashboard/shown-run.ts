/**
 * A run that the dashboard shows: behind an address, or in a directory. A directory is looked at through its coordinator while one on this
 * machine works on it (coordinator.json says where), else as it lies there.
 */
import { readFileSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Monitor } from '../monitor/monitor-client.js'

export interface Look {
  readonly monitor: Monitor
  /** A coordinator answers: there is more to come, and requests are taken. */
  readonly live: boolean
}

export interface ShownRun {
  readonly id: string
  readonly kind: 'coordinator' | 'directory'
  /** Short, for people. */
  readonly label: string
  /** Address or path. */
  readonly where: string
  /** Monitors stay open until `close`. */
  look(): Promise<Look>
  /** Another text when watching a directory again would show more. */
  stamp(): string
  close(): void
}

/** How Monitors are made; where the coordinator wants TLS and a token, `connect` knows them. */
export interface Monitors {
  connect(address: string): Monitor
  open(directory: string): Monitor
}

export function coordinatorRun(id: string, address: string, monitors: Monitors): ShownRun {
  const monitor = monitors.connect(address)
  return {
    ...{ id, kind: 'coordinator', label: address, where: address },
    look: async () => ({ monitor, live: true }),
    stamp: () => '',
    close: () => monitor.close(),
  }
}

export function directoryRun(id: string, directory: string, monitors: Monitors): ShownRun {
  let connected: { address: string; monitor: Monitor } | undefined
  let opened: Monitor | undefined
  const disconnect = () => {
    connected?.monitor.close()
    connected = undefined
  }
  return {
    ...{ id, kind: 'directory', label: id, where: directory },
    look: async () => {
      const address = coordinatorOf(directory)
      if (connected?.address !== address) disconnect()
      if (address !== undefined) {
        connected ??= connect(address, monitors)
        if (connected !== undefined && (await answers(connected.monitor, directory))) return { monitor: connected.monitor, live: true }
      }
      opened ??= monitors.open(directory)
      return { monitor: opened, live: false }
    },
    stamp: () => growing.map((name) => stampOf(join(directory, name))).join(),
    close: () => {
      disconnect()
      opened?.close()
    },
  }
}

const growing = ['coordinator.json', 'events.jsonl', 'metrics.jsonl', 'timings.jsonl']
const answerMs = 2000

function coordinatorOf(directory: string): string | undefined {
  try {
    return (JSON.parse(readFileSync(join(directory, 'coordinator.json'), 'utf8')) as { address: string }).address
  } catch {
    return undefined
  }
}

/** undefined when this process may not speak to that address: it wants TLS, or is not on this machine. */
function connect(address: string, monitors: Monitors): { address: string; monitor: Monitor } | undefined {
  try {
    return { address, monitor: monitors.connect(address) }
  } catch {
    return undefined
  }
}

/** A coordinator that died leaves its address behind, and another run may have it by now. */
async function answers(monitor: Monitor, directory: string): Promise<boolean> {
  const late = sleep(answerMs, undefined, { ref: false })
  const description = await Promise.race([monitor.describe(), late]).catch(() => undefined)
  return description !== undefined && resolve(description.directory) === resolve(directory)
}

function stampOf(path: string): string {
  const { size, mtimeMs } = statSync(path, { throwIfNoEntry: false }) ?? { size: 0, mtimeMs: 0 }
  return `${size}/${mtimeMs}`
}
