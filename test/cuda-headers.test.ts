/**
 * Our declarations of NVIDIA's functions, types and constants against the real headers, where they are found: in pip's wheels (scripts/cuda-wheels
 * brings them; those of the python3 on the path count, too) and in the toolkit of nvcc. What is declared differently does not compile.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../', import.meta.url))
const scratch = mkdtempSync(join(tmpdir(), 'lossmith-cuda-headers-'))
after(() => rmSync(scratch, { recursive: true }))

interface Library {
  readonly header: string
  readonly own: string
  readonly list: string
  /** Layouts of structs, which the general comparison does not look into. */
  readonly layouts: string
}

const libraries: Record<string, Library> = {
  driver: { header: 'cuda.h', own: 'driver_api.h', list: 'DRIVER', layouts: '' },
  nvrtc: { header: 'nvrtc.h', own: 'nvrtc_api.h', list: 'NVRTC', layouts: '' },
  cublaslt: {
    header: 'cublasLt.h',
    own: 'cublaslt_api.h',
    list: 'CUBLASLT',
    layouts: `
      static_assert(sizeof(ours::cublasLtMatmulAlgo_t) == sizeof(::cublasLtMatmulAlgo_t));
      static_assert(sizeof(ours::cublasLtMatmulHeuristicResult_t) == sizeof(::cublasLtMatmulHeuristicResult_t));
      SAME_PLACE(cublasLtMatmulHeuristicResult_t, algo) SAME_PLACE(cublasLtMatmulHeuristicResult_t, workspaceSize)
      SAME_PLACE(cublasLtMatmulHeuristicResult_t, state) SAME_PLACE(cublasLtMatmulHeuristicResult_t, wavesCount)`,
  },
  nccl: {
    header: 'nccl.h',
    own: 'nccl_api.h',
    list: 'NCCL',
    layouts: `
      static_assert(sizeof(ours::ncclUniqueId) == sizeof(::ncclUniqueId) && sizeof(ours::ncclUniqueId) == NCCL_UNIQUE_ID_BYTES);
      SAME_PLACE(ncclConfig_t, size) SAME_PLACE(ncclConfig_t, magic) SAME_PLACE(ncclConfig_t, version) SAME_PLACE(ncclConfig_t, blocking)
      constexpr ::ncclConfig_t fresh = NCCL_CONFIG_INITIALIZER;
      static_assert(fresh.magic == ours::ncclConfig_t{}.magic && NCCL_VERSION(2, 14, 0) == ours::ncclConfig_t{}.version);`,
  },
}

const folders = includeFolders()
for (const [name, library] of Object.entries(libraries)) {
  const missing = !folders.some((folder) => existsSync(join(folder, library.header)))
  const skip = missing && `${library.header} is not on this machine: scripts/cuda-wheels brings it`
  test(`${library.own} declares what ${library.header} does`, { skip }, () => {
    const { status, stderr } = compile(name, library, '')
    assert.equal(status, 0, stderr)
  })
}

const planted: [library: string, right: string, wrong: string][] = [
  ['driver', 'unsigned int sharedBytes', 'size_t sharedBytes'],
  ['nccl', 'ncclAvg = 4', 'ncclAvg = 5'],
  ['cublaslt', 'float wavesCount;', 'double wavesCount;'],
]
for (const [name, right, wrong] of planted) {
  const library = libraries[name]!
  const skip = !folders.some((folder) => existsSync(join(folder, library.header))) && `${library.header} is not on this machine`
  test(`${wrong} is noticed`, { skip }, () => {
    const text = readFileSync(ownHeader(library), 'utf8')
    assert.ok(text.includes(right))
    const { status, stderr } = compile(name, library, text.replace(right, wrong))
    assert.notEqual(status, 0)
    assert.match(stderr, /static assertion failed/)
  })
}

function ownHeader({ own }: Library): string {
  return join(root, 'native/engine/cuda/libraries', own)
}

/** With `text` in the place of our header, where it is not empty. */
function compile(name: string, library: Library, text: string): { status: number | null; stderr: string } {
  const header = text === '' ? ownHeader(library) : join(scratch, `changed_${library.own}`)
  if (text !== '') writeFileSync(header, text)
  const source = join(scratch, `${name}.cc`)
  writeFileSync(
    source,
    `#include <cstddef>
     #include "test/support/same_abi.h"
     #include "${header}"
     #include <${library.header}>
     namespace ours = lossmith::${name};
     #define SAME_PLACE(type, field) static_assert(offsetof(ours::type, field) == offsetof(::type, field) && \\
       sameAbi<decltype(ours::type::field), decltype(::type::field)>(), #type "." #field);
     #define CHECK_CONSTANT(name) static_assert(static_cast<long>(ours::name) == static_cast<long>(::name), #name);
     #define CHECK_FUNCTION(name, result, ...) static_assert(sameAbi<decltype(ours::Api::name), decltype(&::name)>(), #name);
     LOSSMITH_${library.list}_CONSTANTS(CHECK_CONSTANT)
     LOSSMITH_${library.list}_FUNCTIONS(CHECK_FUNCTION)
     ${library.layouts}\n`,
  )
  const includes = folders.flatMap((folder) => ['-isystem', folder])
  return spawnSync('g++', ['-std=c++20', '-fsyntax-only', '-Wall', '-I', root, '-I', join(root, 'native'), ...includes, source], { encoding: 'utf8' })
}

/** Wheels first, then the toolkit: what one wheel leaves to another (crt/host_defines.h) is found there. */
function includeFolders(): string[] {
  const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache')
  const onPath = (process.env.PATH ?? '').split(':').filter((folder) => existsSync(join(folder, 'python3')))
  const prefixes = [
    process.env.VIRTUAL_ENV,
    process.env.CONDA_PREFIX,
    join(cache, 'lossmith/cuda-wheels'),
    ...onPath.map((folder) => dirname(folder)),
    '/usr/local',
  ]
  const wheels = prefixes
    .filter((prefix) => prefix !== undefined)
    .flatMap((prefix) => below(join(prefix, 'lib'), /^python3/))
    .flatMap((python) => ['site-packages', 'dist-packages'].flatMap((packages) => below(join(python, packages, 'nvidia'), /./)))
    .map((wheel) => join(wheel, 'include'))
  const { stderr } = spawnSync('nvcc', ['--dryrun', '-x', 'cu', '-c', '/dev/null', '-o', '/dev/null'], { encoding: 'utf8' })
  const top = /^#\$ _HERE_=(.*)$/m.exec(stderr ?? '')?.[1]
  const toolkit = top === undefined ? [] : [join(top, '../include'), join(top, '../targets/x86_64-linux/include')]
  return [...wheels, ...toolkit].filter((folder) => existsSync(folder))
}

function below(folder: string, pattern: RegExp): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .filter((name) => pattern.test(name))
    .sort()
    .map((name) => join(folder, name))
}
