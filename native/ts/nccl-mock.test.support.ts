/**
 * The mock of NCCL (native/mock/nccl.cc): built with g++ from NVIDIA's nccl.h where that is found, else from our declarations. It works on the
 * memory of an emulated device, so all of our calls run without a GPU.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { fileURLToPath } from 'node:url'

const native = fileURLToPath(new URL('../../../native/', import.meta.url))

export interface MockNccl {
  /** For processes that are to use the mock. This one does already. */
  env: Record<string, string>
  /** Whose nccl.h it was built from. */
  header: string
  /** `fail|hang|async <function> <rank>`: what becomes of that call of that rank; from now on. */
  control(...lines: string[]): void
  /** Calls so far, as `<function> <rank>`. */
  calls(): string[]
}

/** Before the first call of NCCL in this process; it opens its library once. */
export function useMockNccl(): MockNccl {
  const folder = mkdtempSync(join(tmpdir(), 'lossmith-mock-nccl-'))
  after(() => rmSync(folder, { recursive: true }))
  const library = join(folder, 'libnccl.so.2')
  const real = includesOf('nccl.h').find(() => includesOf('cuda_runtime.h').length > 0)
  const includes = real === undefined ? [join(native, 'mock/declared'), native] : [real, ...includesOf('cuda_runtime.h')]
  const options = ['-shared', '-fPIC', '-O1', '-std=c++20', '-Wall', '-Wextra', '-Werror', '-fvisibility=hidden', '-pthread']
  execFileSync('g++', [...options, ...includes.map((each) => `-I${each}`), join(native, 'mock/nccl.cc'), '-o', library], { stdio: 'inherit' })

  const control = join(folder, 'control')
  const log = join(folder, 'log')
  writeFileSync(control, '')
  writeFileSync(log, '')
  const env = { LOSSMITH_CUDA: 'emulated', LOSSMITH_NCCL: library, MOCK_NCCL_CONTROL: control, MOCK_NCCL_LOG: log }
  Object.assign(process.env, env)
  return {
    env,
    header: real === undefined ? 'our declarations' : join(real, 'nccl.h'),
    control: (...lines) => writeFileSync(control, lines.map((line) => `${line}\n`).join('')),
    calls: () => readFileSync(log, 'utf8').split('\n').slice(0, -1),
  }
}

/** Folders that hold a header: of the toolkit, of the system, and of pip's wheels. */
function includesOf(header: string): string[] {
  const toolkits = [process.env.CUDA_HOME, process.env.CUDA_PATH, '/usr/local/cuda', ...entries('/usr/local', /^cuda-/)]
  const wheels = [process.env.VIRTUAL_ENV, process.env.CONDA_PREFIX, '/usr', '/usr/local']
    .filter((prefix) => prefix !== undefined)
    .flatMap((prefix) => entries(join(prefix, 'lib'), /^python3/))
    .flatMap((python) => ['site-packages', 'dist-packages'].flatMap((packages) => entries(join(python, packages, 'nvidia'), /./)))
  return [...toolkits.filter((toolkit) => toolkit !== undefined), '/usr', ...wheels]
    .map((prefix) => join(prefix, 'include'))
    .filter((folder) => existsSync(join(folder, header)))
}

function entries(folder: string, name: RegExp): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .filter((entry) => name.test(entry))
    .map((entry) => join(folder, entry))
}
