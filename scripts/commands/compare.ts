import { availableParallelism } from 'node:os'
import { join, resolve } from 'node:path'
import { configError } from '../../common/errors.js'
import type { Job } from '../../common/job/job.js'
import { checkFilesHere, hasSplit, readJob } from '../../common/job/parse-job.js'
import { clusterSettings } from '../cluster-settings.js'
import { ArmTerminal } from '../compare/arm-terminal.js'
import { type Arm, armsOf, baselineOf } from '../compare/arms.js'
import { drawComparison } from '../compare/draw-comparison.js'
import { type Comparison, markdownReport, terminalReport } from '../compare/report.js'
import { runArm } from '../compare/run-arm.js'
import { type Cell, cellOf, type EpochChoice, measuresOf, summarise } from '../compare/summary.js'
import { duration } from '../progress.js'
import type { Terminal } from '../terminal.js'
import { writeOut } from '../write-out.js'

export interface CompareOptions {
  readonly seeds: number
  readonly arms?: readonly string[]
  /** NAME=LOSS, the loss as YAML. */
  readonly arm: readonly string[]
  readonly out?: string
  readonly workers?: number
  readonly threads?: number
  readonly device?: Job['cluster']['device']
  readonly set: readonly string[]
  readonly epoch: EpochChoice
}

/** Trains every arm with every seed and writes the table. What has been trained in the directory before is taken, what was cut off goes on. */
export async function compare(file: string, options: CompareOptions, terminal: Terminal): Promise<number> {
  const set = [...options.set, ...clusterSettings(options)]
  const job = readJob(file, set)
  if (!hasSplit(job, 'test'))
    throw configError('split-empty', `wanted rows set aside for test, which a comparison is made on: see data.split in ${file}`)
  checkFilesHere(job)
  checkEpochChoice(job, options.epoch)
  const arms = armsOf(
    job,
    options.arms,
    options.arm.map((text) => ownArm(text, file, set)),
  )
  const out = resolve(options.out ?? join('runs', `compare-${job.name}`))
  const seeds = Array.from({ length: options.seeds }, (_, i) => job.seed + i)
  const cells = await trainAll({ job, arms, seeds, out, options, terminal })
  if (typeof cells === 'number') return cells
  report(comparisonOf(job, arms, seeds, options.epoch, cells), out, terminal)
  return 0
}

interface Plan {
  readonly job: Job
  readonly arms: readonly Arm[]
  readonly seeds: readonly number[]
  readonly out: string
  readonly options: CompareOptions
  readonly terminal: Terminal
}

/** Seed after seed, the arms of a seed one after the other, so that what a machine does besides meets all of them. An exit code: a signal came. */
async function trainAll({ job, arms, seeds, out, options, terminal }: Plan): Promise<Cell[] | number> {
  const cells: Cell[] = []
  const all = seeds.flatMap((seed) => arms.map((arm) => ({ seed, arm })))
  const threads = options.threads ?? Math.max(1, Math.floor(availableParallelism() / job.cluster.workers))
  const trained = { runs: 0, ms: 0 }
  for (const [i, { seed, arm }] of all.entries()) {
    const name = `${arm.name}-seed${seed}`
    const runDirectory = join(out, name)
    const began = performance.now()
    const prefix = `[${i + 1}/${all.length}] ${arm.name}, seed ${seed}: `
    const { result, interrupted, kept } = await runArm({
      job: { ...job, name: name.slice(0, 100), seed, loss: arm.loss },
      runDirectory,
      threads,
      terminal: new ArmTerminal(terminal, prefix, { arm: arm.name, seed }),
    })
    if (interrupted !== null) {
      terminal.note('stopped; the same command goes on from here', { event: 'stopped', arm: arm.name, seed })
      return interrupted
    }
    const cell = result === null ? divergedCell(arm.name, seed, runDirectory) : cellOf(arm.name, seed, result, options.epoch)
    cells.push(cell)
    if (!kept) Object.assign(trained, { runs: trained.runs + 1, ms: trained.ms + performance.now() - began })
    const left = trained.runs === 0 ? '' : `, ${duration((trained.ms / trained.runs) * (all.length - 1 - i))} left`
    terminal.note(`${prefix}${describeCell(cell)}${kept ? ', kept from before' : left}`, {
      event: 'run',
      run: i + 1,
      runs: all.length,
      kept,
      ...cell,
    })
  }
  return cells
}

function comparisonOf(job: Job, arms: readonly Arm[], seeds: readonly number[], epoch: EpochChoice, cells: readonly Cell[]): Comparison {
  const names = arms.map(({ name }) => name)
  const baseline = baselineOf(arms).name
  return { job: job.name, baseline, seeds, epoch, measured: measuresOf(cells, job.data.classes), arms: summarise(names, baseline, cells), cells }
}

function report(comparison: Comparison, out: string, terminal: Terminal): void {
  writeOut(join(out, 'compare.svg'), drawComparison(comparison))
  writeOut(join(out, 'compare.md'), markdownReport(comparison, 'compare.svg'))
  writeOut(join(out, 'compare.json'), `${JSON.stringify(comparison, null, 2)}\n`)
  const files = ['md', 'json', 'svg'].map((ending) => `  ${join(out, `compare.${ending}`)}`)
  terminal.result(`${terminalReport(comparison)}\n\n${files.join('\n')}`, { ok: true, out, ...comparison })
}

/** `name=loss`, the loss read as the job's own would be. */
function ownArm(text: string, file: string, set: readonly string[]): Arm {
  const [, name, loss] = /^([\w.-]{1,60})=(.+)$/s.exec(text) ?? []
  if (name === undefined || loss === undefined)
    throw configError('compare-arms', `--arm: wanted NAME=LOSS, such as --arm "noisy={name: bce_noisy, rho: 0.3}", got ${JSON.stringify(text)}`)
  return { name, loss: readJob(file, [...set, `loss=${loss}`]).loss }
}

/** Test scores of single epochs are there only where the job asks for them. */
function checkEpochChoice({ evaluate: { everyEpoch } }: Job, epoch: EpochChoice): void {
  if (epoch === 'last' || (everyEpoch.includes('validation') && everyEpoch.includes('test'))) return
  throw configError(
    'usage',
    `--epoch ${epoch}: wanted a job that scores both splits after every epoch, got evaluate.everyEpoch [${everyEpoch.join(', ')}]; --set evaluate.everyEpoch=[validation,test]`,
  )
}

const divergedCell = (arm: string, seed: number, runDirectory: string): Cell => ({
  arm,
  seed,
  runDirectory,
  scores: null,
  epochs: [],
  stepMs: Number.NaN,
})

function describeCell({ scores, stepMs }: Cell): string {
  if (scores === null) return 'diverged: its loss was not finite'
  const quality = Number.isFinite(scores.auc) ? `AUC ${scores.auc.toFixed(5)}` : `accuracy ${scores.accuracy.toFixed(5)}`
  return `test ${quality}, logloss ${scores.logloss.toFixed(5)}, ${stepMs.toFixed(1)} ms a step`
}
