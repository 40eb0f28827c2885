/** The picture of a comparison: for each measure a panel, for each arm the difference to the baseline by seed, its mean and its 95 % interval. */
import { axis } from '../draw/axis.js'
import { type IntervalRow, intervalChart, rowNames } from '../draw/interval-chart.js'
import { document, faint, fitted, text, textWidth } from '../draw/svg.js'
import type { Comparison } from './report.js'
import { type ArmSummary, differencesBySeed, type Measure, measures } from './summary.js'

const width = 1200
const right = 28
const gap = 52

export function drawComparison(comparison: Comparison): string {
  const { job, baseline, seeds, measured, arms } = comparison
  const others = arms.filter(({ arm }) => arm !== baseline)
  const names = others.map(({ arm }) => fitted(arm, 12, 190))
  const left = 40 + Math.max(60, ...names.map((name) => textWidth(name, 12)))
  const wide = (width - left - right - gap * (measured.length - 1)) / measured.length
  const [top, rowHeight] = [124, 30]
  const height = Math.max(1, others.length) * rowHeight
  const charts = measured.map((measure, i) => chart(comparison, others, measure, { x: left + i * (wide + gap), y: top, width: wide, height }))
  const box = { x: left, y: top, width: width - left - right, height }
  const title = `${job}: losses against ${baseline}`
  const facts = [
    `Test split, differences to ${baseline} of the same seed. Small dots: each of ${seeds.length} seeds. Large dot and bar: their mean and its 95 % interval (Student's t).`,
    `Blue: better than ${baseline}; orange: worse; grey: the interval does not say.`,
  ]
  const head = [
    text(40, 38, fitted(title, 20, width - 80), { size: 20, weight: 600 }),
    ...facts.map((words, i) => text(40, 62 + 18 * i, fitted(words, 12, width - 68), { fill: faint })),
  ]
  return document(width, top + height + 62, title, facts.join(' '), [...head, rowNames(box, names), ...charts])
}

function chart(
  comparison: Comparison,
  arms: readonly ArmSummary[],
  measure: Measure,
  box: { x: number; y: number; width: number; height: number },
): string {
  const { title, higherIsBetter } = measures[measure]
  const rows = arms.map(({ arm, measures: values }): IntervalRow => {
    const { mean, low, high } = values[measure].difference
    const points = differencesBySeed(arm, comparison.baseline, comparison.cells, measure)
    return { mean, low, high, points, colour: verdictColour(higherIsBetter ? [low, high] : [-high, -low]) }
  })
  const x = axis([0, ...rows.flatMap(({ mean, low, high, points }) => [mean, low, high, ...points])], { count: 4 })
  return intervalChart({ box, x, title: `Δ ${title}`, xTitle: higherIsBetter ? 'to the right is better' : 'to the left is better' }, rows)
}

/** Of an interval in which more is better. */
function verdictColour([low, high]: readonly [number, number] | number[]): string {
  if (low! > 0) return '#0072b2'
  return high! < 0 ? '#d55e00' : '#5f5f5f'
}
