/**
 * The engine of a machine without a CUDA compiler. Host code compiles the same on both, so the objects of this build are linked again without device
 * code, with engine/cuda/none.cc in its place: nothing may be missing, what needs a GPU says why there is none.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'

const native = fileURLToPath(new URL('../../native', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'lossmith-no-cuda-'))
const addon = join(folder, 'lossmith.node')
after(() => rmSync(folder, { recursive: true }))

before(() => {
  const none = join(folder, 'none.o')
  run('g++', ['-c', join(native, 'engine/cuda/none.cc'), '-o', none, '-I', native, '-std=c++20', '-fPIC', '-Wall', '-Wextra', '-Werror'])
  const objects = sourcesWithoutCuda().map((source) => {
    const built = join(native, 'build/Release/obj.target/lossmith', source.replace(/\.cc$/, '.o'))
    return source === 'engine/cuda/none.cc' || !existsSync(built) ? none : built
  })
  run('g++', ['-shared', '-o', addon, ...new Set(objects), '-ldnnl', '-lgloo', '-lz', '-lpthread', '-ldl'])
})

test('no source of it includes a header of CUDA', () => {
  for (const source of sourcesWithoutCuda().filter((name) => name.startsWith('engine/'))) {
    const { stdout } = spawnSync('g++', ['-MM', '-I', native, '-std=c++20', join(native, source)], { encoding: 'utf8' })
    assert.doesNotMatch(stdout, /cuda_runtime|launch\.cuh|cuda\/check\.h/, source)
  }
})

test('nothing is missing when all of it is resolved at once, and it offers what the other does', () => {
  const exports = (path: string) => script(path, 'console.log(JSON.stringify(Object.keys(addon).sort()))')
  assert.deepEqual(exports(addon), exports(join(native, 'build/Release/lossmith.node')))
})

test('it says what it was built without; a GPU is refused', () => {
  const seen = script(
    addon,
    `const refused = (call) => { try { call() } catch (error) { return error.message } }
     console.log(JSON.stringify({ cuda: addon.describeCuda({ libraries: true }), memory: refused(() => addon.freeDeviceMemory(0)) }))`,
  ) as { cuda: { built: boolean; devices: unknown[]; why: string; libraries: unknown[] }; memory: string }
  assert.deepEqual({ ...seen.cuda, libraries: seen.cuda.libraries.length, why: '' }, { built: false, devices: [], libraries: 4, why: '' })
  assert.match(seen.cuda.why, /built without CUDA/)
  assert.match(seen.memory, /wanted a usable GPU, got none: this engine was built without CUDA/)
})

function sourcesWithoutCuda(): string[] {
  const env = { ...process.env, LOSSMITH_CUDA_BUILD: '0' }
  const { stdout } = spawnSync(process.execPath, ['find-nvcc.cjs', 'sources'], { cwd: native, encoding: 'utf8', env })
  return stdout.trim().split(' ')
}

/** Runs `code` where `addon` is the one at `path`, loaded so that a function that is missing is met now and not when it is called. */
function script(path: string, code: string): unknown {
  const load = `const { constants } = require('node:os'); const module_ = { exports: {} }
    process.dlopen(module_, ${JSON.stringify(path)}, constants.dlopen.RTLD_NOW); const addon = module_.exports\n`
  return JSON.parse(run(process.execPath, ['-e', load + code]))
}

function run(program: string, args: string[]): string {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', timeout: 120_000, cwd: dirname(native) })
  assert.equal(status, 0, `${program} ${args[0]}: ${stderr}`)
  return stdout
}
