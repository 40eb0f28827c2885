/**
 * Whole programs in the engine, on the CPU and on a GPU, against the float64 reference: random graphs, fused, and the training and predict
 * programs of the built-in models, their losses and gradients, with dropout.
 */
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { loadModelFile } from '../coordinator/load-model-file.js'
import { randomGraph } from '../model/compile/random-graph.test.support.js'
import { compile } from '../model/compile.js'
import { nameOf, type Tensor } from '../model/graph.js'
import { bceAlone } from '../model/losses/bce.js'
import { buildPredictGraph, buildTrainingGraph, type InputSizes, type ModelChoice } from '../model/model.js'
import type { DenseValue } from '../model/op.js'
import { philox, philoxKey, philoxUniform } from '../model/philox.js'
import { testDevices } from '../native/ts/devices.test.support.js'
import { loadNative } from '../native/ts/load.js'
import { compareWithReference } from './engine-values.js'

const native = loadNative()
const MAX_BATCH = 32
const BATCHES = [0, 1, 7, MAX_BATCH]
// Single precision through some twenty ops and sums of a few hundred terms.
const TOLERANCE = 2e-5

for (const device of testDevices)
  test(`thirty random graphs with their gradients (${device})`, () => {
    for (let seed = 100; seed < 130; seed++) {
      const { graph, outputs, gradients, values } = randomGraph(seed, 32)
      const program = compile({ name: `random ${seed}`, graph, maxBatch: MAX_BATCH, outputs, gradients })
      for (const batch of BATCHES)
        compareWithReference({ native, program, batch, values: values(batch), outputs, gradients, options: { device }, tolerance: TOLERANCE })
    }
  })

const example = fileURLToPath(new URL('../../examples/my-model.ts', import.meta.url))
const models: [string, ModelChoice][] = [
  ['lr', { kind: 'lr' }],
  ['fm', { kind: 'fm', embedding: 8 }],
  ['deepfm', { kind: 'deepfm', embedding: 8, hidden: [24, 16], dropout: 0 }],
  ['the example of a model file', { kind: 'file', definition: await loadModelFile(example), options: { embedding: 4, crosses: 2, hidden: [8] } }],
  ['wide-and-deep', { kind: 'wide-and-deep', embedding: 8, hidden: [24, 16], dropout: 0 }],
  ['ipnn', { kind: 'ipnn', embedding: 4, hidden: [24, 16], dropout: 0 }],
  ['dcn-v2', { kind: 'dcn-v2', embedding: 4, crosses: 2, hidden: [24, 16], dropout: 0 }],
  ['deepfm with dropout', { kind: 'deepfm', embedding: 8, hidden: [24, 16], dropout: 0.3 }],
]
const shapes: [string, InputSizes][] = [
  ['binned numbers', { fields: 9, numbers: 0, rows: 40 }],
  ['normalised numbers', { fields: 6, numbers: 5, rows: 40 }],
]

for (const [model, choice] of models) {
  describe(model, () => {
    for (const [device, shape, sizes] of testDevices.flatMap((device) => shapes.map((shape) => [device, ...shape] as const))) {
      test(`${shape}: loss and every gradient (${device})`, () => {
        const { graph, loss, logits, parameters, tables, gradients: made } = buildTrainingGraph(choice, sizes, bceAlone)
        const gradients = new Map([...parameters, ...tables].map((leaf, i) => [nameOf(leaf), made[i] as Tensor]))
        const outputs = { loss, logits }
        const program = compile({ name: 'train', graph, maxBatch: MAX_BATCH, outputs, gradients })
        for (const batch of BATCHES) {
          const values = valuesOf([...graph.inputs, ...parameters, ...tables], batch, sizes)
          compareWithReference({ native, program, batch, values, outputs, gradients, options: { device }, tolerance: TOLERANCE })
        }
      })

      for (const classes of [1, 5])
        test(`${shape}: logits of the predict program, classes ${classes} (${device})`, () => {
          const { graph, logits } = buildPredictGraph(choice, { ...sizes, classes })
          const outputs = { logits }
          const program = compile({ name: 'predict', graph, maxBatch: MAX_BATCH, outputs })
          for (const batch of BATCHES) {
            const values = valuesOf([...graph.inputs, ...graph.parameters, ...graph.tables], batch, sizes)
            compareWithReference({ native, program, batch, values, outputs, options: { device }, tolerance: TOLERANCE })
          }
        })
    }
  })
}

function valuesOf(leaves: readonly Tensor[], batch: number, { rows }: InputSizes): Map<string, DenseValue> {
  const drawOf = (leaf: Tensor): ((uniform: number) => number) => {
    if (leaf.dtype === 'i64') return (uniform) => Math.floor(uniform ** 2 * rows)
    return nameOf(leaf) === 'labels' ? (uniform) => Number(uniform < 0.3) : (uniform) => Math.fround(uniform - 0.5)
  }
  return new Map(
    leaves.map((leaf) => {
      const shape = leaf.shape.map((dim) => (dim === 'B' ? batch : dim))
      const key = philoxKey(0n, `test/${nameOf(leaf)}`)
      const draw = drawOf(leaf)
      const size = shape.reduce((product, dim) => product * dim, 1)
      return [nameOf(leaf), { shape, data: Float64Array.from({ length: size }, (_, i) => draw(philoxUniform(philox([i, 0, 0, 0], key)[0]))) }]
    }),
  )
}
