/**
 * The runs that a dashboard shows: coordinators by address, and run directories, named or found in folders of runs. Folders are looked
 * through again whenever somebody asks, so that a run that begins later appears.
 */
import { existsSync, readdirSync, statSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { configError } from '../../common/errors.js'
import type { RunDescription } from '../monitor/monitor-client.js'
import { coordinatorRun, directoryRun, type Monitors, type ShownRun } from './shown-run.js'

/** A run as GET /api/runs tells it. */
export interface RunSummary {
  id: string
  /** Of the job; empty when the run does not answer. */
  name: string
  label: string
  kind: ShownRun['kind']
  where: string
  live: boolean
  phase: string
  startedUnixMs: number
}

export interface RunPlaces {
  /** host:port */
  coordinators: readonly string[]
  /** Run directories, and folders of them; one of `default` may be missing. */
  directories: readonly string[]
  /** Folder that is looked through when nothing else is named. */
  default: string
}

const answerMs = 3000

export class RunList {
  private readonly runs = new Map<string, ShownRun>()
  private readonly folders: string[] = []
  /** What each run said last: a directory says the same until it grows, a coordinator that does not answer was that. */
  private readonly described = new Map<string, { stamp: string; description: RunDescription }>()

  /** @throws config `run-missing` for a directory that is no run and holds none; what `monitors.connect` throws */
  constructor(
    { coordinators, directories, default: folder }: RunPlaces,
    private readonly monitors: Monitors,
  ) {
    for (const address of coordinators) this.add(address, (id) => coordinatorRun(id, address, monitors))
    for (const directory of directories.map((path) => resolve(path))) {
      if (isRun(directory)) this.addDirectory(directory)
      else if (runsIn(directory).length > 0) this.folders.push(directory)
      else throw configError('run-missing', `[dashboard] wanted the directory of a run, or of several, got ${directory} without a job.yaml`)
    }
    if (coordinators.length === 0 && directories.length === 0) this.folders.push(resolve(folder))
  }

  get(id: string): ShownRun | undefined {
    if (!this.runs.has(id)) this.lookThrough()
    return this.runs.get(id)
  }

  /** Coordinators first, then directories, the newest first. */
  async summaries(): Promise<RunSummary[]> {
    this.lookThrough()
    const all = await Promise.all([...this.runs.values()].map((run) => this.summary(run)))
    return all.sort((a, b) => Number(a.kind === 'directory') - Number(b.kind === 'directory') || b.startedUnixMs - a.startedUnixMs)
  }

  close(): void {
    for (const run of this.runs.values()) run.close()
  }

  private async summary(run: ShownRun): Promise<RunSummary> {
    const { id, label, kind, where } = run
    const late = sleep(answerMs, undefined, { ref: false })
    const found = await Promise.race([this.describe(run), late]).catch(() => undefined)
    const { name = '', phase = '', startedUnixMs = 0 } = this.described.get(id)?.description ?? {}
    return { id, name, label, kind, where, live: found?.live ?? false, phase, startedUnixMs }
  }

  private async describe(run: ShownRun): Promise<{ live: boolean }> {
    const { monitor } = await run.coordinator()
    const live = monitor !== undefined
    const stamp = live ? 'live' : run.stamp()
    if (live || this.described.get(run.id)?.stamp !== stamp)
      this.described.set(run.id, { stamp, description: await (monitor ?? run.stored()!).describe() })
    return { live }
  }

  private lookThrough(): void {
    const known = new Set([...this.runs.values()].map(({ where }) => where))
    for (const directory of this.folders.flatMap(runsIn)) if (!known.has(directory)) this.addDirectory(directory)
    for (const [id, { kind, where }] of this.runs) if (kind === 'directory' && !isRun(where)) this.remove(id)
  }

  private addDirectory(directory: string): void {
    this.add(basename(directory), (id) => directoryRun(id, directory, this.monitors))
  }

  /** Ids stand in addresses of the page: of plain characters, and the same after the dashboard is started again. */
  private add(name: string, make: (id: string) => ShownRun): void {
    const plain = name.replace(/[^\w.-]+/g, '-').replace(/^\.+/, '')
    let id = plain
    for (let i = 2; this.runs.has(id) || id === ''; i++) id = `${plain}-${i}`
    this.runs.set(id, make(id))
  }

  private remove(id: string): void {
    this.runs.get(id)?.close()
    this.runs.delete(id)
    this.described.delete(id)
  }
}

const isRun = (directory: string) => existsSync(join(directory, 'job.yaml'))

/** Runs in a folder, the newest first. */
function runsIn(folder: string): string[] {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return []
  return readdirSync(folder, { withFileTypes: true })
    .map(({ name }) => join(folder, name))
    .filter(isRun)
    .map((path) => ({ path, startedMs: statSync(join(path, 'job.yaml')).mtimeMs }))
    .sort((a, b) => b.startedMs - a.startedMs)
    .map(({ path }) => path)
}
