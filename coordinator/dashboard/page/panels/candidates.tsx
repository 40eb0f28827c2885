/** The losses that the controller mixes: the mean weight of each over steps, piled up, and the mean loss of each. */
import { useMemo } from 'preact/hooks'
import { score } from '../format-number.js'
import { LineChart } from '../line-chart.js'
import { Panel } from '../panel.js'
import type { PanelInput } from '../panel-input.js'
import type { PlotTable } from '../plot.js'
import type { RunStore } from '../run-store.js'
import { smooth } from '../smooth.js'
import type { Column } from '../step-series.js'
import { usePlaces } from '../use-places.js'
import { useRuns } from '../use-runs.js'

export function CandidatesPanel({ runs }: PanelInput) {
  useRuns(runs)
  const mixed = runs.filter(({ steps }) => steps.column('weight.0') !== undefined)
  const { places, end, along } = usePlaces(mixed)
  const names = candidateNames(mixed)
  // The versions stand for what the runs hold.
  const versions = runs.map(({ version }) => version).join()
  const tablesOf = (kind: 'weight' | 'loss') => mixed.map((run, i) => candidateTable(run, i, { x: places[i]!, end, names, kind, runs: mixed.length }))
  const weights = useMemo(() => tablesOf('weight'), [versions, end])
  const losses = useMemo(() => tablesOf('loss'), [versions, end])
  const chart = { ...along, formatY: score, low: true }
  return (
    <Panel name="candidates" title="Candidate losses" size="wide" filled={mixed.length > 0} empty={emptyText(runs)}>
      <div class="pair">
        <div>
          <h3>Mean weight of each</h3>
          <LineChart
            {...chart}
            label="Mean weight of each candidate loss over steps"
            summary={newestOf(mixed[0], 'weight', names)}
            tables={weights}
            stacked={mixed.length === 1}
            fromZero
          />
        </div>
        <div>
          <h3>Mean loss of each</h3>
          <LineChart {...chart} label="Mean value of each candidate loss over steps" summary={newestOf(mixed[0], 'loss', names)} tables={losses} />
        </div>
      </div>
    </Panel>
  )
}

function emptyText(runs: readonly RunStore[]): string {
  return runs[0]!.over ? 'The run ended before its training began.' : 'The weight of each loss, as soon as training has begun.'
}

/** Of all the runs, each once: a name has the same colour in every run. */
function candidateNames(runs: readonly RunStore[]): string[] {
  return [...new Set(runs.flatMap((run) => namesOf(run)))]
}

/** A run that was not described yet has numbers. */
function namesOf(run: RunStore): string[] {
  const drawn = run.surfaces.at(-1)?.[0]?.candidates ?? []
  const known = run.candidates.length > 0 ? run.candidates : drawn
  return Array.from({ length: run.latest?.weights?.length || known.length }, (_, k) => known[k] ?? `loss ${k + 1}`)
}

interface CandidateLines {
  x: Float64Array
  end: number
  names: string[]
  kind: 'weight' | 'loss'
  runs: number
}

function candidateTable(run: RunStore, number: number, { x, end, names, kind, runs }: CandidateLines): PlotTable {
  const lines = namesOf(run).map((name, k) => {
    const values = run.steps.column(`${kind}.${k}` as Column) ?? new Float64Array(x.length).fill(Number.NaN)
    const label = runs === 1 ? name : `${name}, ${run.title}`
    return { key: `${run.id} ${k}`, label, colour: names.indexOf(name), dash: number, values: smooth(x, values, end * 0.005) }
  })
  return { x, lines }
}

function newestOf(run: RunStore | undefined, kind: 'weight' | 'loss', names: string[]): string {
  const values = kind === 'weight' ? run?.latest?.weights : run?.latest?.losses
  return `Now: ${names.map((name, k) => `${name} ${score(values?.[k])}`).join(', ')}.`
}
