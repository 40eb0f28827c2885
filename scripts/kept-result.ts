/** result.json in the directory of a run: what train --json prints at the end, for whoever comes later. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { RunResult } from '../coordinator/start-coordinator.js'
import { writeOut } from './write-out.js'

export type KeptResult = RunResult & { readonly ok: boolean }

export function keepResult(runDirectory: string, facts: KeptResult): void {
  writeOut(join(runDirectory, 'result.json'), `${JSON.stringify(facts, null, 2)}\n`)
}

/** null where there is none. Numbers that are not defined are null in JSON. */
export function readResult(runDirectory: string): KeptResult | null {
  const path = join(runDirectory, 'result.json')
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as KeptResult) : null
}
