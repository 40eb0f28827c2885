/**
 * One coordinator at a time on a run directory: coordinator.lock names the process that has it, by host, pid and start. A lock whose process
 * is gone, on this host, is taken over; of another host nothing can be known, so that lock is left for people to remove.
 */
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { diskError } from '../common/checkpoint/checkpoint-writer.js'
import { configError } from '../common/errors.js'

interface Holder {
  host: string
  pid: number
  /** Of the machine's boot and the process's start on it: a pid is used again, this is not. */
  started: string
}

/** Throws config error run-locked while another coordinator, or another one in this process, has the directory. Returns what gives it back. */
export function lockRun(directory: string): () => void {
  const path = join(directory, 'coordinator.lock')
  const own: Holder = { host: hostname(), pid: process.pid, started: startOf(process.pid) ?? '' }
  const aside = `${path}.${process.pid}`
  try {
    writeFileSync(aside, `${JSON.stringify(own)}\n`)
    // A link appears whole, and only if there is none of that name.
    while (!linked(aside, path)) takeOver(path, directory, own.host)
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code?.startsWith('E') ? diskError(path, error) : error
  } finally {
    rmSync(aside, { force: true })
  }
  return () => rmSync(path, { force: true })
}

function linked(from: string, to: string): boolean {
  try {
    linkSync(from, to)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

/** Removes the lock of a process that is gone, or refuses. */
function takeOver(path: string, directory: string, host: string): void {
  const holder = readHolder(path)
  if (holder !== undefined && holder.host === host && startOf(holder.pid) !== holder.started) {
    rmSync(path, { force: true })
    return
  }
  const who = holder === undefined ? 'one that cannot be read' : `that of process ${holder.pid} on ${holder.host}`
  const how = holder?.host === host ? 'stop it, or name another run' : `if that process is gone, remove ${path}`
  throw configError('run-locked', `[run] wanted a run directory that no coordinator works on, got ${directory} with a lock, ${who}: ${how}`)
}

function readHolder(path: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Holder
  } catch {
    return undefined
  }
}

/** undefined when there is no such process, or only a zombie that nobody has waited for. */
function startOf(pid: number): string | undefined {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    // The name, field 2, is in parentheses and may hold anything. State is field 3, the start in clock ticks field 22.
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1)!.split(' ')
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : `${boot}:${fields[19]}`
  } catch {
    return undefined
  }
}
