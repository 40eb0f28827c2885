/** Where the run is now, in figures that can be read from afar, and how far its epoch is. */
import { compact, count, duration, percent, score } from './format-number.js'
import { runProgress } from './run-progress.js'
import type { RunStore } from './run-store.js'
import { smooth } from './smooth.js'
import { useRuns } from './use-runs.js'

export function Now({ run }: { run: RunStore }) {
  useRuns([run])
  const { epoch, epochs, part, leftMs } = runProgress(run)
  const over = run.phase === 'done' || run.phase === 'failed'
  const metric = run.metrics.filter(({ split }) => split !== 'train').at(-1)
  const quality = metric?.auc != null && !Number.isNaN(metric.auc) ? metric.auc : metric?.accuracy
  const whole = over && run.phase === 'done' ? 1 : part
  return (
    <section class="now" aria-label="Now">
      <div class="figure figure-progress">
        <span class="figure-name">
          epoch {epoch || '–'} of {epochs || '–'}
        </span>
        <span class="figure-value">{percent(whole)}</span>
        <progress value={whole ?? 0} max={1} aria-label="Progress of the epoch" />
      </div>
      <Figure name={over ? 'took' : 'left'} value={over ? duration(lasted(run)) : duration(leftMs)} />
      <Figure name="step" value={count(run.latest?.step ?? run.description?.step)} />
      <Figure name="loss" value={score(meanLoss(run))} />
      <Figure name={metric !== undefined && metric.auc == null ? 'accuracy' : 'AUC'} of={metric?.split} value={score(quality)} />
      <Figure name="examples/s" value={compact(over ? meanRate(run) : run.latest?.examplesPerSecond || undefined)} />
      {run.description?.error ? <p class="now-error">{run.description.error}</p> : null}
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

/** Of the newest steps: a single step says little. */
function meanLoss({ recent }: RunStore): number | undefined {
  const steps = recent.map(({ step }) => step)
  return smooth(
    steps,
    recent.map(({ loss }) => loss ?? Number.NaN),
    20,
  ).at(-1)
}

function lasted({ steps, description, info }: RunStore): number | undefined {
  const times = steps.column('unixMs')
  const began = description?.startedUnixMs || info.startedUnixMs || times?.[0]
  return times === undefined || began === undefined ? undefined : times.at(-1)! - began
}

function meanRate({ steps }: RunStore): number | undefined {
  const rates = steps.column('examplesPerSecond')?.filter((rate) => !Number.isNaN(rate)) ?? new Float64Array()
  return rates.length === 0 ? undefined : rates.reduce((sum, rate) => sum + rate, 0) / rates.length
}
