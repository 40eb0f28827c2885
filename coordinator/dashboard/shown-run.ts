/**
 * A run that the dashboard shows: behind an address, or in a directory. A directory is looked at through its coordinator while one on this
 * machine works on it (coordinator.json says where), else as it lies there.
 */
import { readFileSync, statSync } from 'node:fs'
import { hostname } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { transientError } from '../../common/errors.js'
import { addressHere, isLoopback, parseAddress } from '../../common/rpc/credentials.js'
import { asLossmithError } from '../../common/rpc/status.js'
import type { Monitor } from '../monitor/monitor-client.js'

export interface ShownRun {
  readonly id: string
  readonly kind: 'coordinator' | 'directory'
  /** Short, for people. */
  readonly label: string
  /** Address or path. */
  readonly where: string
  /** The Monitor of a coordinator, which stays open until `close`; of a directory only while its coordinator answers, else why not. */
  coordinator(): Promise<{ monitor: Monitor } | { monitor?: undefined; reason: string }>
  /** The directory as it lies there; undefined where only an address is known. */
  stored(): Monitor | undefined
  /** Another text when the directory has grown. */
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
    coordinator: async () => ({ monitor }),
    stored: () => undefined,
    stamp: () => '',
    close: () => monitor.close(),
  }
}

export function directoryRun(id: string, directory: string, monitors: Monitors): ShownRun {
  let connected: { address: string; monitor: Monitor } | undefined
  const disconnect = () => {
    connected?.monitor.close()
    connected = undefined
  }
  return {
    ...{ id, kind: 'directory', label: id, where: directory },
    coordinator: async () => {
      const address = addressIn(directory)
      if (connected?.address !== address) disconnect()
      if (address === undefined) return { reason: 'no coordinator works on this run' }
      try {
        connected ??= { address, monitor: monitors.connect(address) }
        const { monitor } = connected
        await requireSameRun(monitor, directory, address)
        return { monitor }
      } catch (error) {
        return { reason: asLossmithError(error).message }
      }
    },
    stored: () => monitors.open(directory),
    stamp: () => growing.map((name) => stampOf(join(directory, name))).join(),
    close: disconnect,
  }
}

const growing = ['events.jsonl', 'metrics.jsonl', 'timings.jsonl']
const answerMs = 3000

/** Where the coordinator listens that works on the directory, or that died on another machine while it did. */
function addressIn(directory: string): string | undefined {
  try {
    const { address, host, pid } = JSON.parse(readFileSync(join(directory, 'coordinator.json'), 'utf8')) as Announced
    const reached = addressHere(address)
    if (host === hostname()) return pid === undefined || isAlive(pid) ? reached : undefined
    return host !== undefined && isLoopback(parseAddress(reached).host) ? undefined : reached
  } catch {
    return undefined
  }
}

interface Announced {
  address: string
  host?: string
  pid?: number
}

/** Whoever took the port of a coordinator that died is shown no token. */
function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** A coordinator that died leaves its address behind, and another run may have it by now. */
async function requireSameRun(monitor: Monitor, directory: string, address: string): Promise<void> {
  const late = sleep(answerMs, undefined, { ref: false })
  const description = await Promise.race([monitor.describe(), late])
  if (description === undefined) throw transientError('rpc-timeout', `[dashboard] wanted an answer of ${address} within ${answerMs} ms, got none`)
  if (resolve(description.directory) !== resolve(directory)) throw transientError('coordinator-lost', 'no coordinator works on this run')
}

function stampOf(path: string): string {
  const { size, mtimeMs } = statSync(path, { throwIfNoEntry: false }) ?? { size: 0, mtimeMs: 0 }
  return `${size}/${mtimeMs}`
}
