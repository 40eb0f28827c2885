import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sequence } from '../../../../../common/colour.js'
import { moved } from './cursor.js'
import { heatPixels } from './heat-pixels.js'
import { stretches } from './stretches.js'
import { labelsOf, meanMixture, mixtureAt, rowDistance, stepCells, surfaceIndex, valueCells, valuesOf } from './surface-cells.js'
import { surfaceWords } from './surface-words.js'
import { fieldsOf, type Surface, surfacesOf } from './surfaces.js'

const probabilities = Array.from({ length: 33 }, (_, i) => (i + 0.5) / 33)

/** Of bce and focal, by what bce weighs at p. */
function surface(step: number, rows: readonly { label: number; value?: string; bce: (p: number) => number }[]): Surface {
  return {
    step,
    candidates: ['bce', 'focal(2)'],
    probabilities,
    rows: rows.map(({ label, value = '', bce }) => ({ label, value, weights: [...probabilities.map(bce), ...probabilities.map((p) => 1 - bce(p))] })),
  }
}

const event = (field: string, step: number) => ({ ...surface(step, []), field, version: step })

test('surfaces of a field, also while those of a step still come', () => {
  const byStep = [[event('', 1), event('site', 1)], [event('', 5)]]
  assert.deepEqual(fieldsOf(byStep), ['site'])
  assert.deepEqual(
    surfacesOf(byStep, '').map(({ step }) => step),
    [1, 5],
  )
  assert.equal(surfacesOf(byStep, 'site').length, 1)
})

test('cells stand where their label, value, candidate and probability say', () => {
  const shown = surface(3, [
    { label: 1, value: '10', bce: (p) => p },
    { label: 0, value: '9', bce: () => 0.25 },
    { label: 1, value: '9', bce: () => 0.5 },
    { label: 0, value: '10', bce: () => 0.75 },
  ])
  assert.deepEqual(labelsOf(shown), [0, 1])
  assert.deepEqual(valuesOf(shown), ['9', '10'], 'numbers by size')
  const cells = valueCells(shown, 0, ['9', '10'], 1)
  assert.deepEqual([cells[0]![7], cells[1]![7]], [0.75, 0.25])
  assert.equal(valueCells(shown, 1, ['10'], 0)[0]![4], probabilities[4])
  assert.deepEqual(mixtureAt(shown, 1, '10', 32), [probabilities[32], 1 - probabilities[32]!])
  // The probabilities lie evenly around a half.
  assert.ok(Math.abs(meanMixture(shown, 1, '10')[0]! - 0.5) < 1e-12)
  assert.equal(rowDistance(shown, 0, '9', '10'), 0.5)
})

test('over the steps a surface holds until the next one, the newest on top', () => {
  const surfaces = [0, 10, 100].map((step, i) => surface(step, [{ label: 0, bce: () => i / 2 }]))
  const rows = stepCells(surfaces, { label: 0, value: '', candidate: 0 }, 101)
  assert.equal(rows.length, 101)
  const atStep = (step: number) => rows[100 - step]![0]
  assert.deepEqual([0, 9, 10, 99, 100].map(atStep), [0, 0, 0.5, 0.5, 1])
  assert.equal(surfaceIndex(surfaces, 0.5), 1)
  assert.equal(surfaceIndex([surfaces[0]!], 1), 0)
})

test('stretches: which candidate weighs most where, without slivers', () => {
  const halves = surface(1, [{ label: 1, bce: (p) => (p < 0.3 ? 0.9 : 0.2) }])
  assert.deepEqual(
    stretches(halves, 1, '').map(({ from, to, candidate, weight }) => [from, to, candidate, Number(weight.toFixed(6))]),
    [
      [0, 9, 0, 0.9],
      [10, 32, 1, 0.8],
    ],
  )
  const sliver = surface(1, [{ label: 1, bce: (p) => (p < 0.05 || (p > 0.5 && p < 0.56) ? 0.9 : 0.2) }])
  assert.deepEqual(
    stretches(sliver, 1, '').map(({ from, to, candidate }) => [from, to, candidate]),
    [[0, 32, 1]],
  )
})

test('words: which loss which kind of example is trained with', () => {
  const all = { field: '', firstClass: 0 }
  const even = surface(0, [{ label: 0, bce: () => 0.55 }])
  assert.deepEqual(surfaceWords(even, all), ['All candidates weigh about the same, 0.50 each: nothing is learned yet.'])
  const split = surface(1, [
    { label: 0, bce: () => 0.75 },
    { label: 1, bce: (p) => (p < 0.2 ? 0.88 : 0.5 - 0.2 * p) },
  ])
  assert.deepEqual(surfaceWords(split, all), [
    'Examples with y = 0 are trained mostly with bce (0.75).',
    'Examples with y = 1 and p < 0.21 are trained mostly with bce (0.88), those with p > 0.21 are trained mostly with focal(2) (0.62).',
  ])
  const same = surface(1, [
    { label: 0, bce: () => 0.75 },
    { label: 1, bce: (p) => 0.6 + 0.2 * p },
  ])
  assert.deepEqual(surfaceWords(same, all), ['All examples, whatever their label and p, are trained mostly with bce (0.70 to 0.75 by label).'])
  const mixed = surface(1, [{ label: 1, bce: (p) => (p < 0.5 ? 0.5 : 0.39) }])
  mixed.candidates.push('kl')
  for (const row of mixed.rows)
    row.weights.splice(33, 33, ...row.weights.slice(33).map((weight) => weight / 2), ...row.weights.slice(33).map((weight) => weight / 2))
  assert.deepEqual(surfaceWords(mixed, all), ['Examples with y = 1 are trained with a mixture led by bce (0.44).'])
  assert.match(surfaceWords(split, { field: '', firstClass: 4 })[0]!, /y = 4/)
})

test('words: which values of a field are told apart', () => {
  const bySite = (a: number, b: number) =>
    surface(1, [
      { label: 1, value: 'a', bce: () => a },
      { label: 1, value: 'b', bce: () => b },
    ])
  const site = { field: 'site', firstClass: 0 }
  assert.deepEqual(surfaceWords(bySite(0.9, 0.25), site), [
    'The values of site are told apart: with y = 1, a is trained mostly with bce (0.90), b is trained mostly with focal(2) (0.75).',
  ])
  assert.equal(surfaceWords(bySite(0.9, 0.87), site)[0], 'All values of site are trained alike: their weights differ by at most 0.03.')
})

test('pixels: the even scale, turned over on a dark ground, nothing where nothing is known', () => {
  const pixels = heatPixels([[0, 1], [0.5]], 2, false)
  assert.deepEqual([...pixels.slice(0, 8)], [...sequence(0), 255, ...sequence(1), 255])
  assert.deepEqual([...pixels.slice(12)], [0, 0, 0, 0])
  assert.deepEqual([...heatPixels([[1]], 1, true)], [...sequence(0), 255])
})

test('arrow keys move through labels side by side and values below each other, and stop at the edges', () => {
  const extent = { labels: 2, values: 3, probabilities: 33 }
  const at = { label: 0, value: 0, at: 32 }
  assert.deepEqual(moved(at, 'ArrowRight', extent), { label: 1, value: 0, at: 0 })
  assert.deepEqual(moved(at, 'ArrowDown', extent), { label: 0, value: 1, at: 32 })
  assert.deepEqual(moved(at, 'ArrowUp', extent), at)
  assert.deepEqual(moved(at, 'End', extent), { label: 1, value: 0, at: 32 })
  assert.equal(moved(at, 'Tab', extent), undefined)
})
