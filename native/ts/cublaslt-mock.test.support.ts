/**
 * The mock of cuBLASLt (native/mock/cublaslt.cc), built with g++ from our declarations. It works on the memory of an emulated device and refuses
 * what the real library could not do, so that descriptors, layouts, epilogues and pointers are checked without a GPU.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { fileURLToPath } from 'node:url'

const native = fileURLToPath(new URL('../../../native/', import.meta.url))

/** What cuBLASLt may say no to, by numbers of epilogues; and those whose algorithm would leave most of the GPU idle. */
export interface Reluctance {
  refuse?: readonly number[]
  refuseLate?: readonly number[]
  fewWaves?: readonly number[]
}

/** Returns a function that runs `work` with products by the mock and gives what was asked of it: `M×N×K opA opB epilogue typeA typeD beta`. */
export function buildMockCublasLt(): (work: () => void, reluctance?: Reluctance) => string[] {
  const folder = mkdtempSync(join(tmpdir(), 'lossmith-mock-cublaslt-'))
  after(() => rmSync(folder, { recursive: true }))
  const library = join(folder, 'libcublasLt.so')
  const options = ['-shared', '-fPIC', '-O2', '-std=c++20', '-Wall', '-Wextra', '-Werror', '-fvisibility=hidden', `-I${native}`]
  execFileSync('g++', [...options, join(native, 'mock/cublaslt.cc'), '-o', library], { stdio: 'inherit' })
  const log = join(folder, 'log')
  return (work, { refuse = [], refuseLate = [], fewWaves = [] } = {}) => {
    rmSync(log, { force: true })
    const variables = {
      LOSSMITH_CUBLASLT: library,
      MOCK_CUBLASLT_LOG: log,
      MOCK_CUBLASLT_REFUSE: refuse.join(),
      MOCK_CUBLASLT_REFUSE_LATE: refuseLate.join(),
      MOCK_CUBLASLT_FEW_WAVES: fewWaves.join(),
    }
    Object.assign(process.env, variables)
    try {
      work()
    } finally {
      for (const name of Object.keys(variables)) delete process.env[name]
    }
    return existsSync(log) ? readFileSync(log, 'utf8').split('\n').slice(0, -1) : []
  }
}
