/** Operations and bytes of a step, counted out by hand for a small shape; different ids against draws. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clickBatches } from '../bench/click-batches.js'
import { distinctIds, floorOf, type StepShape } from './floor.js'

const ceilings = { copyGBs: 1e-9, matmulTFLOPs: 1e-12 } // one byte, one operation a second

test('DeepFM: products of the MLP; embeddings, rows and activations', () => {
  const shape: StepShape = { model: 'deepfm', batch: 10, fields: 2, numbers: 3, rows: 2, width: 4, hidden: [5, 6] }
  const { operations, bytes, ms } = floorOf(shape, ceilings)
  assert.equal(operations, 3 * 2 * 10 * ((2 * 4 + 3) * 5 + 5 * 6 + 6 * 1))
  // One id a field: 2 rows of 4 + 1 columns, read by the lookup, then w, m, v read and written.
  assert.equal(bytes, 8 * 10 * 2 + 5 * 4 * 10 * 2 * 4 + 7 * 4 * 2 * 5 + 7 * 4 * 10 * (5 + 6))
  assert.ok(Math.abs(ms - 1000 * (operations + bytes)) < 1e-6 * ms)
})

test('DLRM: an MLP for the numbers, inner products, an MLP for both', () => {
  const shape: StepShape = { model: 'dlrm', batch: 10, fields: 2, numbers: 3, rows: 2, width: 4, hidden: [5] }
  assert.equal(floorOf(shape, ceilings).operations, 3 * 2 * 10 * (3 * 256 + 256 * 4 + 3 * 4 + (4 + 3) * 5 + 5))
})

test('different ids are as many as the batches of benchmarks have', () => {
  const examples = 20_000
  const [{ ids }] = clickBatches(1, { examples, fields: 1, numbers: 1, rows: 5000 }, 3) as unknown as [{ ids: BigInt64Array }]
  const counted = new Set(ids).size
  // The standard deviation of such a count is below the root of it.
  assert.ok(Math.abs(distinctIds(examples, 5000) - counted) < 4 * Math.sqrt(counted))
})
