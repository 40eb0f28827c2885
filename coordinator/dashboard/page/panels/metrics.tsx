/** What evaluations said: one metric at a time over steps, by split, or by run where several are laid over each other; and the newest of each in a table. */
import { useMemo, useState } from 'preact/hooks'
import { Choice } from '../choice.js'
import { count, score } from '../format-number.js'
import { LineChart } from '../line-chart.js'
import type { MetricEvent } from '../messages.js'
import { seriesVariable } from '../palette.js'
import { Panel } from '../panel.js'
import type { PanelInput } from '../panel-input.js'
import type { PlotLine, PlotTable } from '../plot.js'
import { type Axis, placeOfStep } from '../run-axis.js'
import type { RunStore } from '../run-store.js'
import { usePlaces } from '../use-places.js'
import { useRuns } from '../use-runs.js'

const metricNames = [
  ['auc', 'AUC'],
  ['accuracy', 'accuracy'],
  ['logloss', 'logloss'],
  ['recalibrated', 'recalibrated'],
  ['calibration', 'calibration'],
] as const
/** Where room is scarce. */
const shortNames: Partial<Record<Metric, string>> = { recalibrated: 'recal.', calibration: 'calib.' }
type Metric = (typeof metricNames)[number][0]

export function MetricsPanel({ runs, primary }: PanelInput) {
  useRuns(runs)
  const [wanted, setMetric] = useState<Metric | ''>('')
  const [wantedSplit, setSplit] = useState('')
  const known = metricNames.filter(([name]) => runs.some(({ metrics }) => metrics.some((one) => isKnown(one[name]))))
  const metric = known.find(([name]) => name === wanted)?.[0] ?? known[0]?.[0] ?? 'auc'
  const splits = [...new Set(runs.flatMap(({ metrics }) => metrics.map(({ split }) => split)))].sort(bySplit)
  const split = splits.find((name) => name === wantedSplit) ?? splits[0] ?? ''
  const { axis, places, along } = usePlaces(runs)
  // The versions stand for what the runs hold.
  const versions = runs.map(({ version }) => version).join()
  const tables = useMemo(
    () =>
      runs.map((run, i) =>
        metricTable(run, i, { axis, places: places[i]!, metric, splits: runs.length > 1 ? [split] : splits, alone: runs.length === 1 }),
      ),
    [versions, axis, metric, split],
  )
  const label = metricNames.find(([name]) => name === metric)![1]
  return (
    <Panel
      name="metrics"
      title="Metrics"
      filled={splits.length > 0}
      empty={
        primary.over
          ? 'The run ended before its first evaluation.'
          : 'AUC, logloss and calibration of each split, after the first evaluation: at the end of an epoch, as `evaluate` in the job says.'
      }
      actions={
        <>
          {runs.length > 1 && splits.length > 1 && (
            <Choice label="Split" value={split} choices={splits.map((name) => [name, name] as const)} onChange={setSplit} />
          )}
          <Choice label="Metric" value={metric} choices={known} onChange={setMetric} />
        </>
      }
    >
      <LineChart
        label={`${label} over steps`}
        summary={newestRows(runs)
          .map((row) => `${nameOf(row, runs.length > 1)}: ${score(row.metric[metric])}`)
          .join(', ')}
        tables={tables}
        {...along}
        formatY={score}
        low
      />
      <NewestTable runs={runs} known={known} several={runs.length > 1} />
    </Panel>
  )
}

const isKnown = (value: number | null | undefined) => value != null && !Number.isNaN(value)

const order = ['train', 'validation', 'test']
const bySplit = (a: string, b: string) => order.indexOf(a) - order.indexOf(b) || a.localeCompare(b)

interface MetricLines {
  axis: Axis
  places: Float64Array
  metric: Metric
  splits: string[]
  alone: boolean
}

/** One table of all places where any split was evaluated. */
function metricTable(run: RunStore, number: number, { axis, places, metric, splits, alone }: MetricLines): PlotTable {
  const steps = [...new Set(run.metrics.map(({ step }) => step))].sort((a, b) => a - b)
  const lines = splits.map((split, i): PlotLine => {
    const values = new Map(run.metrics.filter((one) => one.split === split).map((one) => [one.step, one[metric] ?? Number.NaN]))
    const look = alone ? { colour: i, dash: i } : { colour: number, dash: number }
    const label = alone ? split : `${run.title}, ${split}`
    return { key: `${run.id} ${split}`, label, ...look, points: true, values: steps.map((step) => values.get(step) ?? Number.NaN) }
  })
  return { x: steps.map((step) => placeOfStep(run, axis, places, step)), lines }
}

interface NewestRow {
  run: RunStore
  number: number
  metric: MetricEvent
}

/** The newest evaluation of every split of every run. */
function newestRows(runs: readonly RunStore[]): NewestRow[] {
  return runs.flatMap((run, number) => {
    const bySplitName = new Map(run.metrics.map((metric) => [metric.split, metric]))
    return [...bySplitName.values()].sort((a, b) => bySplit(a.split, b.split)).map((metric) => ({ run, number, metric }))
  })
}

const nameOf = ({ run, metric }: Pick<NewestRow, 'run' | 'metric'>, several: boolean) => (several ? `${run.title}, ${metric.split}` : metric.split)

interface TableInput {
  runs: readonly RunStore[]
  known: readonly (readonly [Metric, string])[]
  several: boolean
}

function NewestTable({ runs, known, several }: TableInput) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys
    <section class="table-scroll" aria-label="Newest evaluations" tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">{several ? 'run, split' : 'split'}</th>
            <th scope="col">step</th>
            {known.map(([name, title]) => (
              <th scope="col" key={name}>
                <span title={title}>{shortNames[name] ?? title}</span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {newestRows(runs).map(({ run, number, metric }) => (
            <tr key={`${run.id} ${metric.split}`}>
              <th scope="row">
                {several && <span class="dot" style={{ background: seriesVariable(number) }} />}
                {nameOf({ run, metric }, several)}
              </th>
              <td>{count(metric.step)}</td>
              {known.map(([name]) => (
                <td key={name}>{score(metric[name])}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}
