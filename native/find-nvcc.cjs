// For binding.gyp: where the CUDA compiler and its static runtime are. `node find-nvcc.cjs nvcc | lib` prints a path, or nothing: then the
// engine is built for CPUs only; `sources` and `headers` print what it is built from. LOSSMITH_CUDA_BUILD=0 builds it so though nvcc is there.
const { spawnSync } = require('node:child_process')
const { existsSync, readdirSync } = require('node:fs')
const { join } = require('node:path')

const firstRelease = 12 // C++20 in device code

function findNvcc() {
  if (process.env.LOSSMITH_CUDA_BUILD === '0') return null
  const folders = [process.env.CUDA_HOME, process.env.CUDA_PATH].filter(Boolean).map((folder) => join(folder, 'bin/nvcc'))
  for (const nvcc of [...folders, 'nvcc', '/usr/local/cuda/bin/nvcc']) {
    // nvcc may be a script that calls another: what it would do says where its toolkit lies.
    const { status, stderr } = spawnSync(nvcc, ['--dryrun', '-x', 'cu', '-c', '/dev/null', '-o', '/dev/null'], { encoding: 'utf8' })
    const top = /^#\$ _HERE_=(.*)$/m.exec(stderr ?? '')?.[1]
    const release = /release (\d+)\./.exec(spawnSync(nvcc, ['--version'], { encoding: 'utf8' }).stdout ?? '')?.[1]
    if (status !== 0 || top === undefined || Number(release) < firstRelease) continue
    const lib = ['lib64', 'lib', 'targets/x86_64-linux/lib'].map((folder) => join(top, '..', folder)).find((folder) => existsSync(join(folder, 'libcudart_static.a')))
    if (lib !== undefined) return { nvcc, lib }
  }
  return null
}

function filesOf(folder, ends) {
  return readdirSync(folder, { recursive: true })
    .filter((file) => ends.some((end) => file.endsWith(end)))
    .sort()
    .map((file) => `${folder}/${file}`)
}

const found = findNvcc()
const what = process.argv[2]
if (what === 'sources') {
  // Without the compiler device code is left out, but for what says so (engine/cuda/none.cc). Opening libraries needs no CUDA.
  const device = (file) => (file.startsWith('engine/cuda/') && !file.startsWith('engine/cuda/libraries/')) || file.startsWith('engine/collective/nccl/')
  const host = filesOf('engine', ['.cc']).filter((file) => (found === null ? !device(file) || file === 'engine/cuda/none.cc' : file !== 'engine/cuda/none.cc'))
  console.log([...host, ...(found === null ? [] : filesOf('engine', ['.cu'])), ...filesOf('addon', ['.cc'])].join(' '))
} else if (what === 'headers') console.log(filesOf('engine', ['.h', '.cuh']).join(' '))
else console.log(found?.[what] ?? '')
