/**
 * The picture of a search: the weights as they are last, how they moved (a heat map per candidate, probability to the right, steps upward),
 * the mean weights over the steps, and the validation objective. A row of panels for each value of a field, or one for all examples.
 */
import { lineStyle } from '../../common/colour.js'
import { type Axis, axis, unit } from '../draw/axis.js'
import { colourLegend, heatMap } from '../draw/heat-map.js'
import { legend } from '../draw/legend.js'
import { lineChart } from '../draw/line-chart.js'
import { document, faint, fitted, ink, type Svg, text } from '../draw/svg.js'
import type { SearchStep, StepSurface } from './read-surfaces.js'

export interface Explanation {
  readonly title: string
  /** Of one field, or of all examples; ascending by step. */
  readonly surfaces: readonly StepSurface[]
  readonly steps: readonly SearchStep[]
  /** 1 for clicks. */
  readonly classes: number
  /** What `validation` of the steps is: logloss, or the surrogate of the AUC. */
  readonly objective: string
}

const width = 1200
const margin = { left: 78, right: 24 }
const inner = width - margin.left - margin.right

interface Block {
  readonly svg: Svg
  readonly height: number
}

/** What has rows and panels of its own. */
interface Shown {
  readonly values: readonly (string | null)[]
  readonly labels: readonly number[]
}

export function drawExplanation(explanation: Explanation): string {
  const { surfaces, title } = explanation
  const last = surfaces.at(-1)!
  const shown: Shown = {
    values: [...new Set(last.rows.map(({ value }) => value))].sort(byValue),
    labels: [...new Set(last.rows.map(({ label }) => label))].sort((a, b) => a - b),
  }
  const blocks = [heading(explanation, last), finalWeights(explanation, last, shown), movement(explanation, shown), overSteps(explanation)]
  const drawn: Svg[] = []
  let top = 0
  for (const block of blocks) {
    drawn.push(`<g transform="translate(0 ${top})">${block.svg}</g>`)
    top += block.height
  }
  return document(width, top, title, `Weights of ${last.candidates.join(', ')} over the predicted probability, up to step ${last.step}.`, drawn)
}

function heading({ title, surfaces, classes }: Explanation, { step, candidates, field }: StepSurface): Block {
  const by = field === null ? '' : `, by the values of ${field}`
  const many = surfaces.length === 1 ? '1 surface' : `${surfaces.length} surfaces`
  const first = classes > 5 ? ` (the first five of ${classes})` : ''
  const facts = `The weight of each candidate loss for an example of label y${first} to which the model gives the probability p${by}. ${many} up to step ${count(step)}.`
  const names = legend(
    margin.left,
    84,
    inner,
    candidates.map((name, k) => ({ name, style: lineStyle(k) })),
  )
  const svg = [
    text(margin.left, 36, fitted(title, 20, inner), { size: 20, weight: 600 }),
    text(margin.left, 58, fitted(facts, 12, inner), { fill: faint }),
    names.svg,
  ]
  return { svg: svg.join(''), height: 80 + names.height }
}

/** For each value a row, for each label a panel. */
function finalWeights({ classes }: Explanation, last: StepSurface, { values, labels }: Shown): Block {
  const gap = labels.length > 2 ? 24 : 44
  const tall = values.length === 1 ? 190 : values.length <= 4 ? 120 : 90
  const wide = (inner - gap * (labels.length - 1)) / labels.length
  const pitch = tall + 24
  const top = 52
  const panels = values.flatMap((value, i) => [
    valueName(value, top + i * pitch, tall),
    ...labels.map((label, j) => {
      const row = last.rows.find((at) => at.value === value && at.label === label)
      const box = { x: margin.left + j * (wide + gap), y: top + i * pitch, width: wide, height: tall }
      const series = (row?.weights ?? []).map((weights, k) => ({
        style: { ...lineStyle(k), width: 2 },
        points: weights.map((w, at) => [last.probabilities[at]!, w] as const),
      }))
      const bottom = i === values.length - 1
      return lineChart(
        {
          box,
          x: unit,
          y: unit,
          yTitle: j === 0 ? '' : undefined,
          xTitle: bottom ? (classes > 1 ? 'probability p of that label' : 'probability p that the model predicts') : undefined,
          title: i === 0 ? `y = ${label}` : undefined,
        },
        series,
      )
    }),
  ])
  return { svg: [sectionTitle(16, `Weights at step ${count(last.step)}`), ...panels].join(''), height: top + values.length * pitch - 24 + 56 }
}

/** For each value a row, for each candidate a column, in which each label has a part. */
function movement({ surfaces }: Explanation, { values, labels }: Shown): Block {
  const { candidates } = surfaces[0]!
  const [gap, partGap] = labels.length > 2 ? [26, 5] : [26, 10]
  const tall = values.length === 1 ? 210 : values.length <= 4 ? 120 : 84
  const wide = (inner - gap * (candidates.length - 1)) / candidates.length
  const part = (wide - partGap * (labels.length - 1)) / labels.length
  const pitch = tall + 14
  const top = 66
  const steps = stepAxis(surfaces)
  const sparse: Axis = { ...unit, ticks: part >= 90 ? [0.25, 0.5, 0.75] : [0.5] }
  const panels = values.flatMap((value, i) => [
    valueName(value, top + i * pitch, tall),
    ...candidates.flatMap((_, k) =>
      labels.map((label, j) => {
        const box = { x: margin.left + k * (wide + gap) + j * (part + partGap), y: top + i * pitch, width: part, height: tall }
        const bottom = i === values.length - 1
        const options = {
          x: sparse,
          y: steps,
          yTitle: k + j === 0 ? '' : undefined,
          xTitle: bottom ? 'p' : undefined,
          title: i === 0 ? `y = ${label}` : undefined,
        }
        return heatMap({ box, ...options }, evenly(surfaces, steps, tall, { value, label, candidate: k }))
      }),
    ),
  ])
  const names = candidates.map((name, k) =>
    text(margin.left + k * (wide + gap), 42, fitted(name, 13, wide), { size: 13, weight: 600, fill: lineStyle(k).stroke }),
  )
  const key = colourLegend({ x: width - margin.right - 170, y: 6, width: 160, height: 11 }, 'weight')
  return { svg: [sectionTitle(16, 'How they moved: steps upward'), key, ...names, ...panels].join(''), height: top + values.length * pitch - 14 + 60 }
}

function overSteps({ steps, surfaces, objective }: Explanation): Block {
  const gap = 84
  const wide = (inner - gap) / 2
  const [top, tall] = [52, 190]
  const { candidates } = surfaces[0]!
  const x = axis(steps.length > 0 ? [0, steps.at(-1)!.step] : [0, surfaces.at(-1)!.step], { count: 6, wide: false })
  const weights = candidates.map((_, k) => ({
    style: lineStyle(k),
    points: binned(steps.map(({ step, weights }) => [step, weights[k] ?? Number.NaN])),
  }))
  const validation = binned(steps.flatMap(({ step, validation }) => (validation === null ? [] : [[step, validation] as const])))
  const left = { x: margin.left, y: top, width: wide, height: tall }
  const charts = [
    lineChart({ box: left, x, y: unit, xTitle: 'step', yTitle: '', title: 'Mean weight over the examples of a step' }, weights),
    lineChart(
      {
        box: { ...left, x: margin.left + wide + gap },
        x,
        y: axis(validation.map(([, value]) => value)),
        xTitle: 'step',
        yTitle: '',
        title: `Validation ${objective}, mean over the examples of a controller step`,
      },
      [{ style: { stroke: ink, width: 1.5 }, points: validation }],
    ),
  ]
  return { svg: [sectionTitle(16, 'Over the steps'), ...charts].join(''), height: top + tall + 56 }
}

const sectionTitle = (y: number, title: string) => text(margin.left, y, title, { size: 15, weight: 600 })

/** Upright beside the panels of a value. */
function valueName(value: string | null, y: number, tall: number): Svg {
  return value === null ? '' : text(20, y + tall / 2, fitted(value, 13, tall), { size: 13, weight: 600, anchor: 'middle', rotate: -90 })
}

function stepAxis(surfaces: readonly StepSurface[]): Axis {
  const [first, last] = [surfaces[0]!.step, surfaces.at(-1)!.step]
  return axis([first, Math.max(last, first + 1)], { count: 4, wide: false })
}

/** A surface holds until the next one: rows of pixels at even steps, whatever the steps of the surfaces. */
function evenly(
  surfaces: readonly StepSurface[],
  { from, to }: Axis,
  rows: number,
  of: { value: string | null; label: number; candidate: number },
): number[][] {
  let at = 0
  return Array.from({ length: rows }, (_, i) => {
    const step = from + ((i + 1) / rows) * (to - from)
    while (at + 1 < surfaces.length && surfaces[at + 1]!.step <= step) at++
    const { rows: all, probabilities } = surfaces[at]!
    const row = all.find(({ value, label }) => value === of.value && label === of.label)
    return [...(row?.weights[of.candidate] ?? probabilities.map(() => 0))]
  })
}

/** Means over stretches of equally many points, so that a long run is no thicket. */
function binned(points: readonly (readonly [number, number])[], bins = 300): (readonly [number, number])[] {
  const size = Math.max(1, Math.ceil(points.length / bins))
  return Array.from({ length: Math.ceil(points.length / size) }, (_, i) => {
    const part = points.slice(i * size, (i + 1) * size)
    const mean = (j: 0 | 1) => part.reduce((sum, point) => sum + point[j], 0) / part.length
    return [mean(0), mean(1)] as const
  })
}

/** Numbers by size, texts by the alphabet. */
const byValue = (a: string | null, b: string | null) => (a ?? '').localeCompare(b ?? '', 'en', { numeric: true })

const count = (value: number) => value.toLocaleString('en')
