/** Looks at this machine: what training needs, what was found, and how to get the rest. Changes nothing. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { availableParallelism, freemem, totalmem } from 'node:os'
import { version } from '../common/version.js'
import { loadNative } from '../native/ts/binding.js'
import { nodeHeaders } from './build-native.js'
import { diagnoseCuda } from './doctor-cuda.js'

export interface Finding {
  readonly name: string
  /** What is there, with its version; null: missing. */
  readonly found: string | null
  /** run: training needs it. build: only building the engine does. use: good to have. */
  readonly for: 'run' | 'build' | 'use'
  /** What it is there for, or how to get it when it is missing. */
  readonly note: string
}

export interface Diagnosis {
  readonly version: string
  /** Whether training is possible on this machine now. */
  readonly ready: boolean
  readonly findings: readonly Finding[]
}

export function diagnose(): Diagnosis {
  const engine = findEngine()
  const findings: Finding[] = [
    { name: 'node', found: process.version, for: 'run', note: 'wanted 20 or newer' },
    program('npm', ['--version'], 'build', 'apt install npm, or https://nodejs.org/en/download'),
    program('g++', ['-dumpfullversion'], 'build', 'apt install g++ (10 or newer)'),
    program('make', ['--version'], 'build', 'apt install make'),
    program('python3', ['--version'], 'build', 'apt install python3 (node-gyp needs it)'),
    { name: 'node headers', found: nodeHeaders(), for: 'use', note: 'without them node-gyp downloads them' },
    library('oneDNN', 'dnnl.hpp', 'oneapi/dnnl/dnnl_version.h', 'DNNL_VERSION_MAJOR.DNNL_VERSION_MINOR.DNNL_VERSION_PATCH', 'libdnnl-dev'),
    library('Gloo', 'gloo/config.h', 'gloo/config.h', 'GLOO_VERSION_MAJOR.GLOO_VERSION_MINOR.GLOO_VERSION_PATCH', 'libgloo-dev'),
    library('zlib', 'zlib.h', 'zlib.h', 'ZLIB_VERSION', 'zlib1g-dev'),
    engine,
    { name: 'cores', found: String(availableParallelism()), for: 'use', note: 'workers × threads should not be more' },
    {
      name: 'memory',
      found: `${gib(freemem())} free of ${gib(totalmem())}`,
      for: 'use',
      note: 'tables take rows × width × 12 bytes with Adam, in every worker',
    },
    {
      name: 'huge pages',
      found: hugePages(),
      for: 'use',
      note: 'tables are faster with them: echo madvise > /sys/kernel/mm/transparent_hugepage/enabled',
    },
    {
      name: 'onnxruntime-node',
      found: packageVersion('onnxruntime-node'),
      for: 'use',
      note: 'runs model.onnx from Node: npm install onnxruntime-node',
    },
    ...diagnoseCuda(),
  ]
  return { version, ready: engine.found !== null && Number(process.versions.node.split('.')[0]) >= 20, findings }
}

/** For people: a line for each finding, then the verdict. */
export function describeDiagnosis({ version: own, ready, findings }: Diagnosis): string {
  const wide = Math.max(...findings.map(({ name }) => name.length))
  const lines = findings.map(({ name, found, for: use, note }) => {
    const missing = found === null
    const sign = !missing ? 'ok' : use === 'use' ? '- ' : '! '
    return `${sign} ${name.padEnd(wide)}  ${missing ? `not found: ${note}` : found}`
  })
  const verdict = ready
    ? 'Training is possible on this machine. The coordinator needs no more than node.'
    : 'Training is not possible here yet: see the lines with "!". A coordinator can run here: it needs no more than node.'
  return [`lossmith ${own}`, ...lines, '', verdict].join('\n')
}

function findEngine(): Finding {
  const how = 'in a checkout ./scripts/setup; in an installed package npx lossmith build'
  try {
    const { version: built, cpuClass, onednn } = loadNative().describe()
    const found = `${built}, CPU class ${cpuClass}, oneDNN ${onednn}`
    if (built !== version) return { name: 'engine', found: null, for: 'run', note: `built for version ${built}; build it again: ${how}` }
    return { name: 'engine', found, for: 'run', note: how }
  } catch (error) {
    const reason = (error as { code?: string }).code === 'addon-missing' ? 'not built' : `does not load (${(error as Error).message.split('\n')[0]})`
    return { name: 'engine', found: null, for: 'run', note: `${reason}; ${how}` }
  }
}

function program(name: string, args: string[], use: Finding['for'], note: string): Finding {
  const { status, stdout } = spawnSync(name, args, { encoding: 'utf8', timeout: 10_000 })
  return { name, found: status === 0 ? (stdout.split('\n')[0]?.replace(/^(Python|GNU Make) /, '') ?? '') : null, for: use, note }
}

/** Asks the compiler, which knows its own search path, for a header and the version that macros in it say. */
function library(name: string, header: string, versionHeader: string, macros: string, debian: string): Finding {
  const parts = macros.split('.')
  const source = `#include <${header}>\n#include <${versionHeader}>\nFOUND ${parts.join(' ')}\n`
  const { status, stdout } = spawnSync('g++', ['-std=c++17', '-E', '-P', '-x', 'c++', '-'], {
    input: source,
    encoding: 'utf8',
    timeout: 30_000,
    maxBuffer: 1 << 28,
  })
  const line = status === 0 ? stdout.split('\n').findLast((text) => text.startsWith('FOUND ')) : undefined
  const found = line === undefined ? null : line.slice('FOUND '.length).replaceAll('"', '').split(' ').join('.')
  return { name, found, for: 'build', note: `apt install ${debian}` }
}

function hugePages(): string | null {
  try {
    const mode = /\[(\w+)\]/.exec(readFileSync('/sys/kernel/mm/transparent_hugepage/enabled', 'utf8'))?.[1]
    return mode === undefined || mode === 'never' ? null : mode
  } catch {
    return null
  }
}

function packageVersion(name: string): string | null {
  try {
    return (createRequire(import.meta.url)(`${name}/package.json`) as { version: string }).version
  } catch {
    return null
  }
}

const gib = (bytes: number) => `${(bytes / 2 ** 30).toFixed(1)} GiB`
