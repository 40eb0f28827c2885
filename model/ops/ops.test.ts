/** Every op on every sample: its gradient rule, and the gradient of that, against finite differences. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { firstDerivative, secondDerivative } from '../check-gradient.js'
import { innerSize } from '../graph.js'
import { evaluate } from '../reference.js'
import { buildSample } from '../sample.js'
import { ops } from './index.js'

// float64 with steps of 1e-5: rounding leaves about 1e-11 and the third derivative about 1e-10 of the numbers' size.
const tolerance = 1e-7

for (const op of ops)
  for (const sample of op.samples)
    test(`${op.name}: ${sample.title}`, () => {
      const { graph, output, values } = buildSample(sample)
      assert.equal(output.op, op.name)
      for (const batch of [0, 1, 6]) {
        const [value] = evaluate([output], { values: values(batch), batch })
        assert.deepEqual(
          value!.shape,
          output.shape.map((dim) => (dim === 'B' ? batch : dim)),
        )
        if ('data' in value!) assert.equal(value.data.length, innerSize(output.shape) * (output.shape[0] === 'B' ? batch : 1))
      }
      const leaves = [...graph.inputs, ...graph.tables].filter((leaf) => leaf.dtype === 'f32' && (leaf.op === 'input' || op.name === 'lookup'))
      if (sample.differentiable === false || leaves.length === 0) return
      for (const derivative of sample.differentiable === 'once' ? [firstDerivative] : [firstDerivative, secondDerivative]) {
        const { ruled, measured } = derivative(output, leaves, { values: values(6), batch: 6 })
        assert.ok(Math.abs(ruled - measured) <= tolerance * (1 + Math.abs(measured)), `${derivative.name}: rule ${ruled}, measured ${measured}`)
      }
    })

test('names are different and every op has samples', () => {
  assert.equal(new Set(ops.map((op) => op.name)).size, ops.length)
  assert.deepEqual(
    ops.filter((op) => op.samples.length === 0).map((op) => op.name),
    [],
  )
})
