/**
 * The last line of ./scripts/quickstart as JSON: how near the run came to the best that is possible on its log.
 * Usage: node dist/scripts/quickstart-summary.js RUN TRUTH. Exit code 1 when the run missed it by more than 0.01 AUC.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { RunResult } from '../coordinator/start-coordinator.js'
import type { ClickLogFacts } from './synth/write-click-log.js'

const [run, truthFile] = process.argv.slice(2)
const result = JSON.parse(readFileSync(join(run!, 'result.json'), 'utf8')) as RunResult
const truth = JSON.parse(readFileSync(truthFile!, 'utf8')) as ClickLogFacts
const testAuc = result.metrics.findLast(({ split }) => split === 'test')!.auc
const { world, ledger, step, examplesPerSecond, seconds } = result

console.log(`\nTest AUC ${testAuc.toFixed(4)}, best reachable on this log ${truth.bestAuc.toFixed(4)}`)
console.log(JSON.stringify({ testAuc, bestAuc: truth.bestAuc, world, ledger, step, examplesPerSecond: Math.round(examplesPerSecond), seconds, run }))
process.exitCode = testAuc > truth.bestAuc - 0.01 ? 0 : 1
