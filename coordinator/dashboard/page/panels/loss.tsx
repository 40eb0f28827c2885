/** Training loss, raw and smoothed, and the controller's loss on validation examples; with several runs, the smoothed losses laid over each other. */
import { useMemo, useState } from 'preact/hooks'
import { Choice } from '../choice.js'
import { score } from '../format-number.js'
import { LineChart } from '../line-chart.js'
import { Panel } from '../panel.js'
import type { PanelInput } from '../panel-input.js'
import type { PlotLine, PlotTable } from '../plot.js'
import type { RunStore } from '../run-store.js'
import { lossWidths, smooth } from '../smooth.js'
import { usePlaces } from '../use-places.js'
import { useRuns } from '../use-runs.js'

export function LossPanel({ runs, primary }: PanelInput) {
  useRuns(runs)
  const [scale, setScale] = useState<'linear' | 'log'>('linear')
  const [smoothing, setSmoothing] = useState<keyof typeof lossWidths>('some')
  const { places, end, along } = usePlaces(runs)
  // The versions stand for what the runs hold.
  const versions = runs.map(({ version }) => version).join()
  const tables = useMemo(
    () => runs.map((run, i) => lossTable(run, i, { x: places[i]!, width: lossWidths[smoothing] * end, alone: runs.length === 1 })),
    [versions, end, smoothing],
  )
  return (
    <Panel
      name="loss"
      title="Loss"
      size="wide"
      filled={runs.some(({ steps }) => steps.length > 0)}
      empty={primary.over ? 'The run ended before its training began.' : 'The loss of every step, as soon as training has begun.'}
      actions={
        <>
          <Choice
            label="Smoothing"
            value={smoothing}
            onChange={setSmoothing}
            choices={[
              ['none', 'raw'],
              ['some', 'smooth'],
              ['more', 'smoother'],
            ]}
          />
          <Choice
            label="Scale of the losses"
            value={scale}
            onChange={setScale}
            choices={[
              ['linear', 'linear'],
              ['log', 'log'],
            ]}
          />
        </>
      }
    >
      <LineChart label="Loss over steps" summary={summary(primary)} tables={tables} {...along} formatY={score} log={scale === 'log'} />
    </Panel>
  )
}

function lossTable(run: RunStore, number: number, { x, width, alone }: { x: Float64Array; width: number; alone: boolean }): PlotTable {
  const loss = run.steps.column('loss') ?? new Float64Array()
  const validation = run.steps.column('validationLoss')
  const name = (what: string) => (alone ? what : `${run.title}, ${what}`)
  const lines: PlotLine[] = []
  if (alone && width > 0) lines.push({ key: 'raw', label: 'raw', colour: 0, opacity: 0.28, width: 1, values: loss })
  lines.push({ key: `train ${run.id}`, label: name('training'), colour: number, dash: number, values: smooth(x, loss, width) })
  if (validation !== undefined && alone)
    lines.push({ key: 'validation', label: 'validation, the controller’s', colour: 1, dash: 1, values: smooth(x, validation, width) })
  return { x, lines }
}

function summary({ steps }: RunStore): string {
  const loss = steps.column('loss')
  if (loss === undefined) return ''
  return `${steps.length} points, from ${score(loss[0])} at first to ${score(loss.at(-1))} now.`
}
