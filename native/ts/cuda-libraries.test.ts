/**
 * Where NVIDIA's libraries are looked for, and what is said of one that is too old, incomplete or not there. The library is a stand-in for NCCL with
 * the functions of nccl_api.h; each look is a process of its own, since a library is opened once.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { CudaDescription } from './binding.js'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'lossmith-libraries-'))
after(() => rmSync(folder, { recursive: true }))
const standIn = join(folder, 'stand-in.so')
before(() => build(standIn, '23007', ncclFunctions()))

test('the path in its own variable is taken, and nothing else', () => {
  const { path, version } = ncclWith({ LOSSMITH_NCCL: standIn })
  assert.deepEqual({ path, version }, { path: standIn, version: '2.30.7' })
  place('home/lib64')
  const { path: none, why } = ncclWith({ LOSSMITH_NCCL: join(folder, 'nowhere.so'), CUDA_HOME: join(folder, 'home') })
  assert.equal(none, null)
  assert.match(why!, /^\[NCCL\] wanted libnccl\.so\.2, got none in LOSSMITH_NCCL=\S+nowhere\.so: install/)
})

const installed = ncclWith({}).path
const skip = installed !== null && `the loader finds ${installed} before all others`
test('loader, CUDA_HOME, conda and the wheels of pip are looked through in this order', { skip }, () => {
  const wheel = place('venv/lib/python3.12/site-packages/nvidia/nccl/lib')
  const conda = place('conda/lib')
  const home = place('home/lib64')
  const loader = place('loader')
  const user = place('user/.local/lib/python3.11/site-packages/nvidia/nccl/lib')
  const interpreter = place('opt/lib/python3.11/site-packages/nvidia/nccl/lib')
  mkdirSync(join(folder, 'opt/bin'))
  writeFileSync(join(folder, 'opt/bin/python3'), '')
  const env: Record<string, string> = {
    LD_LIBRARY_PATH: join(folder, 'loader'),
    CUDA_HOME: join(folder, 'home'),
    CONDA_PREFIX: join(folder, 'conda'),
    VIRTUAL_ENV: join(folder, 'venv'),
    HOME: join(folder, 'user'),
    PATH: `/nowhere:${join(folder, 'opt/bin')}`,
  }
  for (const [variable, expected] of Object.entries({
    LD_LIBRARY_PATH: loader,
    CUDA_HOME: home,
    CONDA_PREFIX: conda,
    VIRTUAL_ENV: wheel,
    HOME: user,
    PATH: interpreter,
  })) {
    assert.equal(ncclWith(env).path, expected)
    delete env[variable]
  }
  assert.equal(ncclWith(env).path, null)
})

test('one that is too old, one that lacks a function and a file that is no library are told apart', () => {
  const old = join(folder, 'old.so')
  build(old, '21003', ncclFunctions())
  assert.match(ncclWith({ LOSSMITH_NCCL: old }).why!, /wanted 2\.14 or newer \(21400\), got 21003 in .*old\.so/)
  const incomplete = join(folder, 'incomplete.so')
  build(
    incomplete,
    '23007',
    ncclFunctions().filter((name) => name !== 'ncclCommFinalize'),
  )
  assert.match(ncclWith({ LOSSMITH_NCCL: incomplete }).why!, /wanted ncclCommFinalize in .*incomplete\.so/)
  const text = join(folder, 'text.so')
  writeFileSync(text, 'no library')
  assert.match(ncclWith({ LOSSMITH_NCCL: text }).why!, /text\.so: (file too short|invalid ELF header)/)
})

test('LOSSMITH_CUDA=emulated is a machine with one device on the CPU', () => {
  const { built, why } = describeWith({})
  const { devices, why: emulatedWhy } = describeWith({ LOSSMITH_CUDA: 'emulated' })
  if (!built) assert.match(why!, /built without CUDA/)
  else assert.deepEqual([devices.map(({ name, uuid }) => [name, uuid]), emulatedWhy], [[['emulated on the CPU', 'emulated']], null])
})

/** A copy under the name that is looked for. */
function place(where: string): string {
  const path = join(folder, where, 'libnccl.so.2')
  mkdirSync(dirname(path), { recursive: true })
  copyFileSync(standIn, path)
  return path
}

function ncclFunctions(): string[] {
  const header = readFileSync(join(root, 'native/engine/cuda/libraries/nccl_api.h'), 'utf8')
  const names = [...header.matchAll(/FUNCTION\((nccl\w+),/g)].map(([, name]) => name!)
  assert.ok(names.length > 15)
  return names
}

function build(path: string, version: string, functions: string[]): void {
  const others = functions.filter((name) => name !== 'ncclGetVersion').map((name) => `int ${name}(void) { return 0; }`)
  const source = `int ncclGetVersion(int* version) { *version = ${version}; return 0; }\n${others.join('\n')}\n`
  const { status, stderr } = spawnSync('gcc', ['-shared', '-fPIC', '-x', 'c', '-', '-o', path], { input: source, encoding: 'utf8' })
  assert.equal(status, 0, stderr)
}

function ncclWith(env: Record<string, string>): CudaDescription['libraries'][number] {
  return describeWith(env).libraries.find(({ name }) => name === 'NCCL')!
}

function describeWith(env: Record<string, string>): CudaDescription {
  const binding = new URL('./binding.js', import.meta.url)
  const script = `import { loadNative } from '${binding}'; console.log(JSON.stringify(loadNative().describeCuda({ libraries: true })))`
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { env, encoding: 'utf8', timeout: 60_000 })
  assert.equal(stderr, '')
  return JSON.parse(stdout) as CudaDescription
}
