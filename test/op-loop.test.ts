/**
 * The one loop over ops, samples and backends: the kernels of the CPU and of GPUs against the float64 reference, the gradient's program against
 * the reference, guard zones, and the ONNX rule run by onnxruntime-node against the reference. Finite differences: model/ops/ops.test.ts.
 */
import { describe, test } from 'node:test'
import { gradients } from '../model/autodiff.js'
import { compile } from '../model/compile.js'
import { nameOf, nodesOf, type Tensor } from '../model/graph.js'
import { onnxFile } from '../model/onnx.js'
import type { DenseValue } from '../model/op.js'
import { ops } from '../model/ops/index.js'
import { evaluate } from '../model/reference.js'
import { buildSample, normal, type Sample } from '../model/sample.js'
import type { RunOptions } from '../native/ts/binding.js'
import { testDevices } from '../native/ts/devices.test.support.js'
import { loadNative } from '../native/ts/load.js'
import { compareNumbers, compareWithReference } from './engine-values.js'
import { assemble, loadRuntime, openModel, runModel } from './onnx-session.js'

const native = loadNative()
const runtime = await loadRuntime()
const BATCHES = [0, 1, 5, 64]
const MAX_BATCH = 64
// Single precision: functions are good to a few units in the last place (6e-8), sums here have at most a few hundred terms.
const TOLERANCE = 5e-6

for (const op of ops) {
  describe(op.name, () => {
    for (const sample of op.samples) {
      for (const device of testDevices) {
        test(`${sample.title}: kernel (${device})`, () => compareKernel(sample, { device }))
        if (sample.differentiable !== false) test(`${sample.title}: gradient (${device})`, () => compareGradient(sample, { device }))
      }
      if (op.onnx) test(`${sample.title}: ONNX`, { skip: runtime ? false : 'onnxruntime-node is not installed' }, () => compareOnnx(sample))
    }
  })
}

function compareKernel(sample: Sample, options: RunOptions): void {
  const { graph, output, values } = buildSample(sample)
  const sparse = output.rowsOf !== undefined
  const outputs: Record<string, Tensor> = sparse ? {} : { output }
  const gradients = new Map(sparse ? [[output.rowsOf as string, output]] : [])
  const program = compile({ name: sample.title, graph, maxBatch: MAX_BATCH, outputs, gradients })
  for (const batch of BATCHES)
    compareWithReference({ native, program, batch, values: values(batch), outputs, gradients, options, tolerance: TOLERANCE })
}

/** A random cotangent, because the gradient of sum(output) cannot see many wrong rules. */
function compareGradient(sample: Sample, options: RunOptions): void {
  const { graph, output, values } = buildSample({
    ...sample,
    build(make) {
      const made = sample.build(make)
      return made.rowsOf === undefined ? withCotangent(made, make.input(made.shape, normal)) : made
    },
  })
  const cotangent = cotangents.get(output)
  const leaves = [...graph.inputs.filter((leaf) => leaf.dtype === 'f32' && leaf !== cotangent), ...graph.tables]
  const reached = new Set(nodesOf([output]))
  const wrt = leaves.filter((leaf) => reached.has(leaf))
  if (!cotangent || wrt.length === 0) return
  const made = gradients(output, wrt, cotangent)
  const outputs = Object.fromEntries(made.flatMap((gradient, i) => (gradient.rowsOf === undefined ? [[`d${i}`, gradient]] : [])))
  const sparse = new Map(made.flatMap((gradient) => (gradient.rowsOf === undefined ? [] : [[gradient.rowsOf, gradient]])))
  const program = compile({ name: `gradient of ${sample.title}`, graph, maxBatch: MAX_BATCH, outputs, gradients: sparse })
  for (const batch of BATCHES)
    compareWithReference({ native, program, batch, values: values(batch), outputs, gradients: sparse, options, tolerance: TOLERANCE })
}

/** The cotangent that belongs to a sample's output. */
const cotangents = new WeakMap<Tensor, Tensor>()
function withCotangent(output: Tensor, cotangent: Tensor): Tensor {
  cotangents.set(output, cotangent)
  return output
}

async function compareOnnx(sample: Sample): Promise<void> {
  if (!runtime) return
  const { graph, output, values } = buildSample(sample)
  // A graph learns the batch from an input; samples of constants have none.
  if (!graph.inputs.some(({ shape }) => shape[0] === 'B')) graph.input('batch', ['B'])
  const file = onnxFile({ name: sample.title, inputs: graph.inputs, outputs: { output }, producerVersion: 'test' })
  const batch = 5
  const given = new Map<string, DenseValue>([['batch', { shape: [batch], data: new Float64Array(batch) }], ...values(batch)])
  const session = await openModel(
    runtime,
    assemble(file, (name) => Float32Array.from((given.get(name) as DenseValue).data)),
  )
  const feeds = graph.inputs.map((input) => {
    const { shape, data } = given.get(nameOf(input)) as DenseValue
    return [nameOf(input), { shape, data: input.dtype === 'i64' ? BigInt64Array.from(data, BigInt) : Float32Array.from(data) }] as const
  })
  const { output: got } = await runModel(runtime, session, new Map(feeds))
  const [wanted] = evaluate([output], { values: given, batch })
  compareNumbers(`ONNX of ${sample.title}`, got, (wanted as DenseValue).data, TOLERANCE)
}
