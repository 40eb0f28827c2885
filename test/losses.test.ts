/** Every candidate loss and its derivatives in the engine's single precision against the float64 reference, at moderate and at extreme logits. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gradients } from '../model/autodiff.js'
import { compile } from '../model/compile.js'
import { Graph } from '../model/graph.js'
import { candidateOf } from '../model/losses/candidate-of.js'
import { candidates, classCandidates } from '../model/losses/index.js'
import type { DenseValue } from '../model/op.js'
import { reduceSum } from '../model/ops/reduce-sum.js'
import { philox, philoxKey, philoxUniform } from '../model/philox.js'
import { evaluate } from '../model/reference.js'
import { loadNative } from '../native/ts/load.js'

const native = loadNative()
const extremes = [0, -0, 1, -1, 40, -40, 88.7, -88.7, 104, -104, 1000, -1000]
const drawn = Array.from({ length: 36 }, (_, i) => Math.fround(8 * philoxUniform(philox([i, 0, 0, 0], philoxKey(0n, 'losses'))[0]) - 4))
const numbers = [...extremes, ...drawn]

for (const classes of [1, 2, 5])
  for (const name of Object.keys(classes === 1 ? candidates : classCandidates)) {
    test(`${name} of ${classes === 1 ? 'clicks' : `${classes} classes`}`, () => {
      const candidate = candidateOf({ name }, { baseRate: 0.2, ...(classes > 1 && { classShares: new Array(classes).fill(1 / classes) }) })
      // Every number meets every label, beside other numbers where there are more logits.
      const labels = Array.from({ length: Math.max(classes, 2) }, (_, label) => label)
      const rows = numbers.flatMap((_, i) =>
        labels.map((label) => ({ label, logits: labels.slice(0, classes).map((c) => numbers.at((i + 7 * c) % 48)!) })),
      )
      const graph = new Graph()
      const z = graph.input('z', classes === 1 ? ['B'] : ['B', classes])
      const y = graph.input('y', ['B'])
      const loss = candidate.loss(z, y)
      const outputs = { loss, derivative: candidate.derivative(z, y), ruled: gradients(reduceSum(loss, 0), [z])[0]! }
      const program = compile({ name, graph, maxBatch: rows.length, outputs })
      const inputs = { z: Float32Array.from(rows.flatMap(({ logits }) => logits)), y: Float32Array.from(rows, ({ label }) => label) }
      const got = native.runProgram(program, rows.length, { inputs, parameters: {}, tables: {}, seed: 1, step: 0, lane: 0 })
      const values = new Map([
        ['z', { shape: z.shape.map((dim) => (dim === 'B' ? rows.length : dim)), data: Float64Array.from(inputs.z) }],
        ['y', { shape: [rows.length], data: Float64Array.from(inputs.y) }],
      ])
      const wanted = evaluate(Object.values(outputs), { values, batch: rows.length }) as DenseValue[]
      for (const [i, output] of Object.keys(outputs).entries()) {
        const { data } = wanted[i]!
        for (const [n, number] of data.entries()) {
          // Single precision: differences of numbers near |z|, which is at most 1000, so 6e-8 · 1000 and a few roundings more.
          const size = Math.max(...rows[Math.floor((n * rows.length) / data.length)]!.logits.map(Math.abs))
          const off = Math.abs(got.outputs[output]![n]! - number)
          const where = `${candidate.label} ${output}[${n}] at ${JSON.stringify(rows[Math.floor((n * rows.length) / data.length)])}`
          assert.ok(off <= 4e-7 * candidate.scale * (1 + size + Math.abs(number)), `${where}: wanted ${number}, got ${got.outputs[output]![n]}`)
        }
      }
    })
  }
