/**
 * Which run `lossmith watch` looks at: behind an address, in a directory, or the newest under way in ./runs. A directory is looked at through its
 * coordinator while one works on it, else as it lies there.
 */
import { existsSync } from 'node:fs'
import { basename, join, relative, resolve } from 'node:path'
import { configError } from '../../common/errors.js'
import { parseAddress } from '../../common/rpc/credentials.js'
import { RunList } from '../../coordinator/dashboard/run-list.js'
import { coordinatorRun, directoryRun, type Monitors, type ShownRun } from '../../coordinator/dashboard/shown-run.js'

const folder = 'runs'

/** @throws config `run-missing`, `address-invalid` */
export async function findRun(place: string | undefined, monitors: Monitors): Promise<ShownRun> {
  if (place === undefined) return newestLive(monitors)
  if (existsSync(join(place, 'job.yaml'))) return directoryRun(basename(resolve(place)), resolve(place), monitors)
  if (existsSync(place) || !place.includes(':'))
    throw configError('run-missing', `[watch] wanted HOST:PORT of a coordinator or the directory of a run, got ${place} without a job.yaml`)
  parseAddress(place)
  return coordinatorRun(place, place, monitors)
}

async function newestLive(monitors: Monitors): Promise<ShownRun> {
  const runs = new RunList({ coordinators: [], directories: [], default: folder }, monitors)
  const found = await runs.summaries()
  const live = found.find((run) => run.live)
  const run = live && runs.get(live.id)
  if (run !== undefined) return run
  runs.close()
  const [newest] = found
  const instead = newest === undefined ? '' : `; the newest that ended: lossmith watch ${relative(process.cwd(), newest.where)}`
  const how = 'name a coordinator or a run: lossmith watch HOST:PORT | RUN_DIR'
  throw configError('run-missing', `[watch] wanted a run under way in ./${folder}, found none; ${how}${instead}`)
}
