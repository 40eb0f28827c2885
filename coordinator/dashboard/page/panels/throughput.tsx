/** Examples a second, of all workers and of each: a worker's share of the examples, by its lanes, over the time of its step. */
import { useMemo, useState } from 'preact/hooks'
import { Choice } from '../choice.js'
import { compact } from '../format-number.js'
import { LineChart } from '../line-chart.js'
import { Panel } from '../panel.js'
import type { PanelInput } from '../panel-input.js'
import type { PlotTable } from '../plot.js'
import type { RunStore } from '../run-store.js'
import { smooth } from '../smooth.js'
import { usePlaces } from '../use-places.js'
import { useRuns } from '../use-runs.js'

/** More lines than these nobody can follow: the other workers stand in the panel of workers. */
const maxRanks = 16

export function ThroughputPanel({ runs, primary }: PanelInput) {
  useRuns(runs)
  const [of, setOf] = useState<'all' | 'each'>('all')
  const { places, end, along } = usePlaces(runs)
  // The versions stand for what the runs hold.
  const versions = runs.map(({ version }) => version).join()
  const tables = useMemo(
    () =>
      of === 'each'
        ? [rankTable(primary, places[0]!, end)]
        : runs.map((run, i) => runTable(run, i, { x: places[i]!, end, several: runs.length > 1 })),
    [versions, end, of],
  )
  return (
    <Panel
      name="throughput"
      title="Throughput"
      filled={runs.some(({ steps }) => steps.column('examplesPerSecond') !== undefined)}
      empty={
        primary.over && primary.steps.length === 0
          ? 'The run ended before its training began.'
          : runs.some(({ steps }) => steps.length > 0)
            ? 'No times of the steps were kept in this run directory.'
            : 'Examples a second, in all and by worker, as soon as training has begun.'
      }
      actions={
        <Choice
          label="Throughput of"
          value={of}
          onChange={setOf}
          choices={[
            ['all', 'all'],
            ['each', 'each worker'],
          ]}
        />
      }
    >
      <LineChart
        label="Examples a second over steps"
        summary={`${rate(primary.latest?.examplesPerSecond || undefined)} now.`}
        tables={tables}
        {...along}
        formatY={rate}
        fromZero
      />
    </Panel>
  )
}

const rate = (value: number | undefined) => `${compact(value)}/s`

function runTable(run: RunStore, number: number, { x, end, several }: { x: Float64Array; end: number; several: boolean }): PlotTable {
  const values = smooth(x, run.steps.column('examplesPerSecond') ?? new Float64Array(), end * 0.01)
  return { x, lines: [{ key: run.id, label: several ? run.title : 'all workers', colour: number, dash: number, values }] }
}

function rankTable(run: RunStore, x: Float64Array, end: number): PlotTable {
  const lines = []
  for (let rank = 0; rank < maxRanks; rank++) {
    const values = run.steps.column(`rank.${rank}`)
    const dash = Math.floor(rank / 8)
    if (values !== undefined) lines.push({ key: `rank ${rank}`, label: `rank ${rank}`, colour: rank, dash, values: smooth(x, values, end * 0.01) })
  }
  return { x, lines }
}
