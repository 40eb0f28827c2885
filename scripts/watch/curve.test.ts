/** Pictures of numbers, against what one draws by hand. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bar, curve, type Point, resample, spark } from './curve.js'

const points = (...values: number[]): Point[] => values.map((y, x) => [x, y])

test('a falling line goes from the upper left to the lower right, dot by dot', () => {
  assert.deepEqual(curve(points(7, 6, 5, 4, 3, 2, 1, 0), 4, 2, true), ['⠑⢄  ', '  ⠑⢄'])
  assert.deepEqual(curve(points(3, 2, 1, 0), 4, 4, false), ['*   ', ' *  ', '  * ', '   *'])
  assert.deepEqual(curve(points(1, 1, 1), 2, 1, true), ['⠤⠤'], 'equal values lie in the middle')
  assert.deepEqual(curve([], 3, 1, true), ['   '])
  assert.deepEqual(curve([[1, Number.NaN]], 3, 1, true), ['   '])
})

test('pieces of x: means where there are points, lines between them where there are none, whatever the distances', () => {
  assert.deepEqual(resample(points(1, 3, 5, 7), 2), [2, 6])
  assert.deepEqual(
    resample(
      [
        [0, 0],
        [100, 10],
      ],
      5,
    ),
    [0, 2.5, 5, 7.5, 10],
  )
  const thinned: Point[] = [
    [0, 0],
    [50, 5],
    [90, 9],
    [91, 9.1],
    [92, 9.2],
    [100, 10],
  ]
  const errors = resample(thinned, 10).map((y, i) => Math.abs(y - (i + 0.5)))
  assert.ok(Math.max(...errors) <= 1, `${errors}`)
  assert.deepEqual(resample([[5, 2]], 3), [2, 2, 2])
})

test('columns and bars begin at zero, in eighths', () => {
  assert.equal(spark(points(0, 1, 4, 8), 4, true), ' ▁▄█')
  assert.equal(spark(points(0, 8), 2, false), '.#')
  assert.equal(bar(0.5, 3, true), '█▌')
  assert.equal(bar(1.2, 3, true), '███')
  assert.equal(bar(-1, 3, true), '')
  assert.equal(bar(0.5, 4, false), '##')
})
