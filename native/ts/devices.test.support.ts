/** Where tests run programs: the CPU and a GPU, or where there is none the GPU's code emulated. An engine that was built without CUDA has the CPU only. */
import type { RunOptions } from './binding.js'
import { loadNative } from './load.js'

const { built, devices } = loadNative().describeCuda()
if (!built) console.warn('skipped: kernels of GPUs, this engine was built without CUDA')
else if (devices.length === 0) console.warn('kernels of GPUs run emulated: there is no GPU')

export const testDevices: readonly NonNullable<RunOptions['device']>[] = built ? ['cpu', devices.length > 0 ? 'cuda' : 'emulated'] : ['cpu']
