/**
 * scripts/gpu-check: one command for a machine with a GPU. Builds the engine, runs what a GPU takes part in, measures, prints one table and
 * writes JSON. A part that cannot run says why. Ends within its minutes: what has no time left is skipped, aloud.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command, Option } from 'commander'
import { loadNative } from '../../native/ts/load.js'
import { describeDiagnosis, diagnose } from '../doctor.js'
import { benchParts } from './bench-parts.js'
import { gradientPart } from './gradient-part.js'
import { type Around, failed, lossmith, type Outcome, type Part, passed, root, runFor, skipped, whyFailed } from './part.js'
import { profilePart } from './profile-part.js'
import { sanitizerParts, testParts, wholeRunsPart } from './test-parts.js'
import { trainingPart } from './training-part.js'

interface Options {
  readonly minutes: string
  readonly json: string
  readonly only?: string
  readonly precision: 'float32' | 'tf32' | 'bf16'
  readonly build: boolean
}

interface Result extends Outcome {
  readonly name: string
  readonly seconds: number
}

const command = new Command('gpu-check')
  .description('Everything that a GPU should be asked once: tests, gradients, a training, sanitizers, benchmarks.')
  .option('--minutes <n>', 'end after so many', '8')
  .option('--json <file>', 'where results go', 'gpu-check.json')
  .option('--only <words>', 'only parts whose name has one of these, with commas between')
  .addOption(new Option('--precision <precision>', 'of the benchmarks').choices(['float32', 'tf32', 'bf16']).default('tf32'))
  .option('--no-build', 'take the engine as it is built')
  .addHelpText(
    'after',
    '\nLOSSMITH_PEER: a python with PyTorch for CUDA (default: the python3 on the path).\nLOSSMITH_CUDA=emulated: all but the figures, without a GPU.',
  )

async function main(options: Options): Promise<number> {
  const end = Date.now() + 60_000 * Number(options.minutes)
  const results: Result[] = []
  if (options.build) results.push(await measured(buildPart, around(end, buildPart, false, '', null)))
  if (results.some(({ verdict }) => verdict === 'failed')) return finish(options, results, null)
  const { devices, why } = loadNative().describeCuda()
  process.stdout.write(`${describeDiagnosis(diagnose())}\n\n`)
  if (devices.length === 0) {
    process.stdout.write(`No usable GPU: ${why}. LOSSMITH_CUDA=emulated runs all but the figures without one.\n`)
    return 2
  }
  const emulated = devices[0]!.uuid === 'emulated'
  const scratch = mkdtempSync(join(tmpdir(), 'lossmith-gpu-check-'))
  const peer = emulated ? null : findPeer()
  try {
    const parts = [
      ...testParts,
      gradientPart,
      trainingPart,
      ...benchParts(options.precision),
      profilePart(options.precision),
      ...sanitizerParts,
      wholeRunsPart,
    ]
    for (const part of parts.filter(({ name }) => wanted(name, options.only)))
      results.push(await measured(part, around(end, part, emulated, scratch, peer)))
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
  return finish(options, results, devices[0]!)
}

const buildPart: Part = {
  name: 'build',
  seconds: 240,
  run: ({ left }) => {
    const ran = runFor(left(), process.execPath, [lossmith, 'build'])
    return ran.code === 0 ? passed(ran.stdout.trim()) : failed(`lossmith build: ${whyFailed(ran)}`, ran.stderr)
  },
}

async function measured(part: Part, around: Around): Promise<Result> {
  const start = performance.now()
  process.stderr.write(`${part.name} …\n`)
  const outcome = around.left() < 5000 ? skipped('no time was left') : await caught(part, around)
  const seconds = (performance.now() - start) / 1000
  process.stderr.write(`${part.name}: ${outcome.verdict}, ${outcome.text} (${seconds.toFixed(0)} s)\n`)
  if (outcome.output) process.stderr.write(`${outcome.output}\n`)
  return { name: part.name, seconds, ...outcome }
}

async function caught(part: Part, around: Around): Promise<Outcome> {
  try {
    return await part.run(around)
  } catch (error) {
    return failed((error as Error).message, (error as Error).stack)
  }
}

function around(end: number, part: Part, emulated: boolean, scratch: string, peer: string | null): Around {
  const own = Date.now() + 1000 * part.seconds
  return { emulated, scratch, peer, left: () => Math.max(0, Math.min(end, own) - Date.now()) }
}

/** The first python that computes with PyTorch on a GPU. */
function findPeer(): string | null {
  const candidates = [process.env.LOSSMITH_PEER, 'python3'].filter((each) => each !== undefined)
  return (
    candidates.find((python) => spawnSync(python, ['-c', 'import torch, numpy; torch.zeros(1).cuda()'], { timeout: 60_000 }).status === 0) ?? null
  )
}

const wanted = (name: string, only?: string) => only === undefined || only.split(',').some((word) => name.includes(word.trim()))

function finish({ json }: Options, results: Result[], device: object | null): number {
  const facts = { date: new Date().toISOString(), commit: git('rev-parse', 'HEAD'), changed: git('status', '--porcelain') !== '', device, results }
  writeFileSync(json, `${JSON.stringify(facts, null, 1)}\n`)
  const wide = Math.max(...results.map(({ name }) => name.length))
  const rows = results.map(
    ({ name, verdict, text, seconds }) => `${name.padEnd(wide)}  ${verdict.padEnd(7)}  ${seconds.toFixed(0).padStart(4)} s  ${text}`,
  )
  const count = (verdict: string) => results.filter((result) => result.verdict === verdict).length
  process.stdout.write(`\n${rows.join('\n')}\n\n`)
  process.stdout.write(`${count('passed')} passed, ${count('failed')} failed, ${count('skipped')} skipped; ${json}\n`)
  return count('failed') === 0 ? 0 : 1
}

/** Empty where there is no git, as in a copy of the tree. */
function git(...args: string[]): string {
  return spawnSync('git', args, { cwd: root, encoding: 'utf8' }).stdout?.trim() ?? ''
}

process.exitCode = await main(command.parse().opts<Options>())
