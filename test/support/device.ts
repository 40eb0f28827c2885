/** A GPU for tests of whole runs: the machine's own, or where it has none the one that is emulated on the CPU. */
import { loadNative } from '../../native/ts/binding.js'

export interface TestDevice {
  readonly name: string
  /** Why there is none: for the options of a test. */
  readonly skip: string | false
}

/** Of this process and those it starts. Runs that are not about the device say `--device cpu` then. */
export function useDevice(): TestDevice {
  const native = loadNative()
  const { built, devices } = native.describeCuda()
  if (!built) return { name: 'GPU', skip: 'this engine was built without CUDA' }
  if (devices.length > 0) return { name: devices[0]!.name, skip: false }
  process.env.LOSSMITH_CUDA = 'emulated'
  return { name: native.describeCuda().devices[0]!.name, skip: false }
}
