/** For tests of what trainers must do alike on all devices: a test is one for the CPU, and one more for the GPU or its emulation. */
import { test } from 'node:test'
import { testDevices } from './devices.test.support.js'

export type TestDevice = 'cpu' | 'cuda'

// A trainer opens the emulated device where the environment says so.
if (testDevices.includes('emulated')) process.env.LOSSMITH_CUDA = 'emulated'

export function testOnDevices(
  name: string,
  options: { timeout: number; skip?: string | false },
  body: (device: TestDevice) => void | Promise<void>,
): void {
  for (const device of testDevices) test(`${name}, ${device}`, options, () => body(device === 'cpu' ? 'cpu' : 'cuda'))
}
