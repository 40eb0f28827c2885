/**
 * Products on a real GPU, by the real cuBLASLt: single ones against a float64 reference, those of whole models against the CPU. A file of its own: a
 * process opens one library, and products.test.ts opens a mock.
 */
import { describe, test } from 'node:test'
import { loadNative } from './load.js'
import { alike, models, near, shapes, single, training } from './products-reference.test.support.js'

const native = loadNative()
const skip = native.describeCuda().devices.length === 0 && 'there is no GPU'
// Sums of float32 products of numbers below 1; of numbers that tensor cores may cut off where the reference rounds.
const tolerances = { float32: 2e-5, tf32: 1e-2, bf16: 2e-5 } as const

for (const precision of ['float32', 'tf32', 'bf16'] as const) {
  describe(`single products in ${precision}`, { skip }, () => {
    for (const [name, sizes] of shapes) {
      for (const more of [{}, { bias: 2, activation: 'relu' as const }]) {
        test(`${name}${more.bias ? ', bias and relu' : ''}`, () => {
          for (const batch of [0, 1, 2, 33]) {
            const { program, values, wanted } = single({ ...sizes, ...more }, batch, precision)
            near(native.runProgram(program, batch, values, { device: 'cuda', precision }), wanted, precision, tolerances[precision])
          }
        })
      }
    }
  })
}

for (const [name, choice, sizes] of models) {
  test(`the training program of ${name} is the CPU's, fused and unfused, and near in TF32 and bf16`, { skip }, () => {
    const { program, valuesOf } = training(choice, sizes)
    for (const batch of [0, 1, 7, 32]) {
      const cpu = native.runProgram(program, batch, valuesOf(batch))
      for (const fuse of [false, true])
        alike(native.runProgram(program, batch, valuesOf(batch), { device: 'cuda', fuse }), cpu, 2e-5, `fuse: ${fuse}`)
      // One logit alone may be far smaller than the rounded terms that it is the sum of.
      for (const precision of batch === 32 ? (['tf32', 'bf16'] as const) : []) {
        const got = native.runProgram(program, batch, valuesOf(batch), { device: 'cuda', precision })
        alike({ ...got, gradients: {}, tableGradients: {} }, { ...cpu, gradients: {}, tableGradients: {} }, 0.02, precision)
      }
    }
  })
}
