/** What the doctor says of GPUs: compiler, driver, GPUs, NVIDIA's libraries and where they are. Nothing of it is needed to train on a CPU. */
import { spawnSync } from 'node:child_process'
import { loadNative } from '../native/ts/binding.js'
import type { Finding } from './doctor.js'

export function diagnoseCuda(): Finding[] {
  return [compiler(), ...engineFindings()]
}

function compiler(): Finding {
  const { status, stdout } = spawnSync('nvcc', ['--version'], { encoding: 'utf8', timeout: 10_000 })
  const found = status === 0 ? (/release ([\d.]+)/.exec(stdout)?.[1] ?? stdout.trim()) : null
  return { name: 'nvcc', found, for: 'use', note: 'builds the engine for GPUs: a CUDA toolkit, 12 or newer' }
}

/** An engine that is missing or built without CUDA cannot look for the rest. */
function engineFindings(): Finding[] {
  try {
    const { built, devices, why, libraries } = loadNative().describeCuda({ libraries: true })
    const gpus = devices.map(
      ({ ordinal, name, major, minor, memory }) => `${ordinal}: ${name}, sm_${major}${minor}, ${Math.round(memory / 2 ** 30)} GiB`,
    )
    return [
      { name: 'engine for GPUs', found: built ? 'built' : null, for: 'use', note: 'lossmith build, where nvcc is' },
      { name: 'GPU', found: gpus.length === 0 ? null : gpus.join('; ') + (why === null ? '' : ` (${why})`), for: 'use', note: why ?? seenBySystem() },
      ...libraries.map(({ name, path, version, why: missing }): Finding => {
        return { name, found: path === null ? null : `${version}, ${path}`, for: 'use', note: missing?.replace(/^\[.*?\] /, '') ?? '' }
      }),
    ]
  } catch {
    return [{ name: 'GPU', found: null, for: 'use', note: `the engine is not there to look for it; ${seenBySystem()}` }]
  }
}

function seenBySystem(): string {
  const { status, stdout } = spawnSync('nvidia-smi', ['--query-gpu=name', '--format=csv,noheader'], { encoding: 'utf8', timeout: 10_000 })
  return status === 0 && stdout.trim() !== '' ? `nvidia-smi sees ${stdout.trim().split('\n').join(', ')}` : 'nvidia-smi sees none'
}
