/** The tests that a GPU takes part in, as node --test runs them; the loop over ops once more under compute-sanitizer. */
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { failed, type Outcome, type Part, passed, type Ran, root, runFor, skipped, whyFailed } from './part.js'

const opLoop = ['test/op-loop.test.js', 'test/compiled-chains.test.js']

export const testParts: readonly Part[] = [
  testPart(
    'op loop: every op, CPU and device',
    90,
    matching(new RegExp(`^(${opLoop.join('|')}|native/ts/.*(-program|device|cuda|step-parts|elementwise|fuse|matmul|products).*\\.test\\.js)$`)),
  ),
  testPart('gradients of whole models', 60, matching(/^test\/(training|search)-program\.test\.js$/)),
  testPart('collectives: Gloo and NCCL', 90, matching(/^native\/ts\/(.*\/)?(collective|.*nccl).*\.test\.js$/)),
  testPart('trainer: steps, search, evaluation', 120, matching(/^native\/ts\/(trainer|search|exchange|evaluate|lookahead|big-tables).*\.test\.js$/)),
]

/** Dozens of processes, little work for a GPU: for the end. */
export const wholeRunsPart = testPart('whole runs: bytes, golden losses, resume', 240, matching(/^test\/(device|golden-losses)\.test\.js$/))

export const sanitizerParts: readonly Part[] = ['memcheck', 'racecheck'].map((tool) => ({
  name: `compute-sanitizer ${tool}, op loop`,
  seconds: 90,
  run: ({ emulated, left }) => {
    if (emulated) return skipped('no GPU to look at')
    const program = sanitizer()
    if (program === null) return skipped('compute-sanitizer is not there: apt install cuda-sanitizer, or the CUDA toolkit')
    const options = ['--tool', tool, '--target-processes', 'all', '--error-exitcode', '9', '--print-limit', '20']
    const ms = left()
    const ran = runFor(ms, program, [...options, process.execPath, join('dist', opLoop[0]!)])
    const said = ran.stdout + ran.stderr
    // Some virtual machines keep its interface to the GPU to themselves.
    const refused = /^.*(device not supported|no supported device|profiler.*not supported).*$/im.exec(said)?.[0]
    if (refused !== undefined) return skipped(`compute-sanitizer cannot look at this GPU: ${refused.trim()}`)
    const summary = /ERROR SUMMARY: .*|RACECHECK SUMMARY: .*/.exec(said)?.[0]
    if (ran.code === 0) return passed(summary ?? 'no complaint')
    // It is slow; a complaint until then counts, the rest stays open.
    const complaint = /^=+ +(Invalid|Error|Warning|Program hit|.*hazard).*$/m.exec(said)?.[0]
    if (ran.code === null && complaint === undefined) return skipped(`did not end in ${Math.round(ms / 1000)} s; no complaint until then`)
    return failed(summary ?? complaint ?? whyFailed(ran), said)
  },
}))

function testPart(name: string, seconds: number, files: () => string[]): Part {
  return { name, seconds, run: ({ left }) => outcomeOf(files(), left()) }
}

function outcomeOf(files: string[], ms: number): Outcome {
  if (files.length === 0) return failed('no such tests in dist: run npm run build')
  const ran = runFor(ms, process.execPath, ['--test', '--test-reporter=tap', ...files])
  const count = (what: string) => Number(new RegExp(`^# ${what} (\\d+)$`, 'm').exec(ran.stdout)?.[1] ?? 0)
  const facts = { files, passed: count('pass'), failed: count('fail'), skipped: count('skipped') }
  if (ran.code === 0) return passed(`${facts.passed} passed${facts.skipped === 0 ? '' : `, ${facts.skipped} skipped`}`, facts)
  return failed(ran.code === null ? whyFailed(ran) : `${facts.failed} of ${facts.passed + facts.failed} failed`, failures(ran), facts)
}

/** Only what a test that failed said. */
function failures({ stdout, stderr }: Ran): string {
  const lines = stdout.split('\n')
  return lines.flatMap((line, i) => (/^ *not ok/.test(line) ? lines.slice(i, i + 25) : [])).join('\n') + stderr
}

/** Paths below dist, as node --test takes them, looked for when they are wanted: the build may come first. */
function matching(pattern: RegExp): () => string[] {
  return () =>
    readdirSync(join(root, 'dist'), { recursive: true, encoding: 'utf8' })
      .filter((name) => pattern.test(name))
      .sort()
      .map((name) => join('dist', name))
}

function sanitizer(): string | null {
  const folders = [process.env.CUDA_HOME, process.env.CUDA_PATH, '/usr/local/cuda'].filter((folder) => folder !== undefined)
  const places = folders.flatMap((folder) => [join(folder, 'bin/compute-sanitizer'), join(folder, 'compute-sanitizer/compute-sanitizer')])
  const onPath = spawnSync('which', ['compute-sanitizer'], { encoding: 'utf8' }).stdout?.trim()
  return [...(onPath ? [onPath] : []), ...places].find((place) => existsSync(place)) ?? null
}
