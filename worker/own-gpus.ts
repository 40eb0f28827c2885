/** The GPUs that a worker may use, as it names them to the coordinator, which chooses one for it. */
import { configError } from '../common/errors.js'
import type { CudaDescription, Native } from '../native/ts/binding.js'
import type { Gpu } from '../proto/generated/lossmith/v1/Gpu.js'

export interface DeviceOptions {
  /** auto: a GPU where there is a usable one. */
  readonly device: 'auto' | 'cpu' | 'cuda'
  /** Only this one. */
  readonly gpu?: number
}

export interface OwnGpus {
  readonly gpus: Gpu[]
  /** Why there are none; else ''. */
  readonly noGpu: string
}

/** @throws config `no-gpu` where one was asked for and none is usable */
export function ownGpus({ device, gpu }: DeviceOptions, native: Native): OwnGpus {
  if (device === 'cpu') return { gpus: [], noGpu: 'it was told to use the CPU' }
  const found = usableGpus(native, gpu)
  if (found.gpus.length > 0 || (device === 'auto' && gpu === undefined)) return found
  throw configError('no-gpu', `[worker] wanted ${gpu === undefined ? 'a usable GPU' : `a usable GPU ${gpu}`}, got none: ${found.noGpu}`)
}

function usableGpus(native: Native, gpu: number | undefined): OwnGpus {
  const { devices, why } = native.describeCuda()
  if (devices.length === 0) return { gpus: [], noGpu: why ?? 'no GPU' }
  const cuda = native.describeCuda({ libraries: true })
  const products = cuda.libraries.find(({ name }) => name === productLibrary)
  if (!emulated(devices[0]!) && products?.path == null) return { gpus: [], noGpu: `${productLibrary}: ${products?.why ?? 'not found'}` }
  const chosen = devices.filter(({ ordinal }) => gpu === undefined || ordinal === gpu)
  if (chosen.length === 0)
    return { gpus: [], noGpu: `there ${devices.length === 1 ? 'is' : 'are'} ${devices.map(({ ordinal }) => ordinal).join(', ')}` }
  return { gpus: chosen.map((one) => ({ ...named(one), gpuClass: classOf(one, cuda) })), noGpu: '' }
}

const named = ({ ordinal, name, uuid, memory }: CudaDescription['devices'][number]): Gpu => ({ ordinal, name, uuid, memoryBytes: memory })

/** What the bits of a result may depend on: the GPU, and the libraries that choose or compile its kernels. */
function classOf(gpu: CudaDescription['devices'][number], { libraries }: CudaDescription): string {
  if (emulated(gpu)) return 'cuda emulated'
  const versions = [productLibrary, 'NVRTC'].map((name) => `${name}-${libraries.find((one) => one.name === name)?.version ?? 'none'}`)
  return `cuda sm_${gpu.major}${gpu.minor}/${gpu.name}/${gpu.processors}/${versions.join('/')}`
}

const productLibrary = 'cuBLASLt'
const emulated = ({ uuid }: { uuid: string }) => uuid === 'emulated'
