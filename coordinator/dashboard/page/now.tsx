/** Where the run is now, in figures that can be read from afar, and how far its epoch is. */
import { compact, count, duration, percent, score } from './format-number.js'
import { runProgress } from './run-progress.js'
import type { RunStore } from './run-store.js'
import { lossWidths, smooth } from './smooth.js'
import { useRuns } from './use-runs.js'

/** More rows than a mean reaches back over. */
const meanRows = 1024

export function Now({ run }: { run: RunStore }) {
  useRuns([run])
  const { epoch, epochs, part, leftMs } = runProgress(run)
  const { over } = run
  const failure = run.phase === 'failed' ? run.description?.error || run.phaseDetail : undefined
  const metric = run.metrics.filter(({ split }) => split !== 'train').at(-1)
  const quality = metric?.auc != null && !Number.isNaN(metric.auc) ? metric.auc : metric?.accuracy
  // A run that was stopped is done, too.
  const whole = run.phase === 'done' && epoch === epochs ? 1 : part
  return (
    <section class="now" aria-label="Now">
      <div class="figure figure-progress">
        <span class="figure-name">
          epoch {epoch || '–'} of {epochs || '–'}
        </span>
        <span class="figure-value">{percent(whole)}</span>
        <progress value={whole ?? 0} max={1} aria-label="Progress of the epoch" />
      </div>
      <Figure name={over ? 'took' : 'time left'} value={over ? duration(lasted(run)) : duration(leftMs)} />
      <Figure name="step" value={count(run.latest?.step ?? run.description?.step)} />
      <Figure name="loss" value={score(meanLoss(run))} />
      <Figure name={metric !== undefined && metric.auc == null ? 'accuracy' : 'AUC'} of={metric?.split} value={score(quality)} />
      <Figure name="examples/s" value={compact(over ? meanRate(run) : run.latest?.examplesPerSecond || undefined)} />
      {failure !== undefined && (
        <div class="notice now-error" role="alert">
          <strong>The run failed.</strong>
          <p>{failure}</p>
        </div>
      )}
    </section>
  )
}

function Figure({ name, of, value }: { name: string; of?: string | undefined; value: string }) {
  return (
    <div class="figure">
      <span class="figure-name">
        {name}
        {of !== undefined && <span class="figure-of">, {of}</span>}
      </span>
      <span class="figure-value">{value}</span>
    </div>
  )
}

/** As the chart of the loss smooths it: a single step says little. */
function meanLoss({ steps }: RunStore): number | undefined {
  const places = steps.column('step')?.slice(-meanRows)
  return places === undefined ? undefined : smooth(places, steps.column('loss')!.slice(-meanRows), lossWidths.some * places.at(-1)!).at(-1)
}

function lasted({ steps, notes, description, info }: RunStore): number | undefined {
  const ended = Math.max(notes.at(-1)?.unixMs ?? 0, steps.column('unixMs')?.at(-1) ?? 0)
  const began = description?.startedUnixMs || info.startedUnixMs || notes[0]?.unixMs
  return ended === 0 || began === undefined ? undefined : Math.max(0, ended - began)
}

function meanRate({ steps }: RunStore): number | undefined {
  const rates = steps.column('examplesPerSecond')?.filter((rate) => !Number.isNaN(rate)) ?? new Float64Array()
  return rates.length === 0 ? undefined : rates.reduce((sum, rate) => sum + rate, 0) / rates.length
}
