import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inflateSync } from 'node:zlib'
import { type Rgb, sequence } from '../../common/colour.js'
import { png } from '../../common/png.js'
import { axis, place } from './axis.js'
import { heatMap } from './heat-map.js'
import { lineChart } from './line-chart.js'
import { document, polyline, text } from './svg.js'
import { assertWellFormed } from './well-formed.test-support.js'

/** Lightness of OKLab by its definition from linear sRGB, the other way round than colour.ts. */
function lightness(colour: Rgb): number {
  const [r, g, b] = colour.map((byte) => (byte / 255 <= 0.04045 ? byte / 255 / 12.92 : ((byte / 255 + 0.055) / 1.055) ** 2.4)) as [
    number,
    number,
    number,
  ]
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b)
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b)
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b)
  return 0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s
}

test('the colours of a sequence darken evenly', () => {
  const steps = Array.from({ length: 21 }, (_, i) => lightness(sequence(i / 20)))
  // A byte of sRGB is up to 0.004 of lightness.
  steps.forEach((value, i) => {
    assert.ok(Math.abs(value - (0.97 - (0.67 * i) / 20)) < 0.008, `${i}: ${value}`)
  })
})

test('marks are round numbers that cover the values', () => {
  const { from, to, ticks, label } = axis([0.413, 0.587])
  assert.deepEqual([from, to], [0.4, 0.6])
  assert.deepEqual(ticks.map(label), ['0.40', '0.45', '0.50', '0.55', '0.60'])
  assert.deepEqual(axis([0, 3000], { count: 6, wide: false }).ticks, [0, 500, 1000, 1500, 2000, 2500, 3000])
  const constant = axis([0.5, 0.5])
  assert.ok(constant.from < 0.5 && constant.to > 0.5)
  assert.equal(axis([]).ticks.length, 6)
  assert.deepEqual(axis([-0.02, 0.01]).ticks.map(axis([-0.02, 0.01]).label), ['−0.02', '−0.01', '0.00', '0.01'])
  assert.equal(place(axis([0, 10]), 100, 200)(5), 150)
})

test('a PNG holds its pixels', () => {
  const bytes = png(2, 2, Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]))
  assert.equal(bytes.subarray(1, 4).toString(), 'PNG')
  const data = bytes.indexOf('IDAT')
  assert.deepEqual([...inflateSync(bytes.subarray(data + 4))], [0, 1, 2, 3, 4, 5, 6, 0, 7, 8, 9, 10, 11, 12])
  // The published checksum of the empty last chunk.
  assert.equal(bytes.subarray(-4).toString('hex'), 'ae426082')
})

test('text is escaped, a gap in a line stays one', () => {
  assert.match(text(1, 2, 'a < b & "c"\u0001'), /x="1" y="2".*>a &lt; b &amp; &quot;c&quot;\ufffd</)
  const line = polyline(
    [
      [0, 0],
      [1, Number.NaN],
      [2, 1.005],
      [3, 1],
    ],
    { stroke: '#000' },
  )
  assert.match(line, /d="M0 0M2 1L3 1"/)
})

test('charts make one well-formed picture', () => {
  const box = { x: 10, y: 10, width: 100, height: 50 }
  const y = axis([0, 1])
  const chart = lineChart({ box, x: axis([0, 1]), y, title: '<t>', xTitle: 'x', yTitle: 'y' }, [{ style: { stroke: '#000' }, points: [[0, 1]] }])
  const map = heatMap({ box, x: y, y }, [
    [0, 0.5],
    [0.5, 1],
  ])
  assertWellFormed(document(200, 100, 'a & b', 'c', [chart, map]))
})
