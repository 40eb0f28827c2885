import { basename, join, resolve } from 'node:path'
import { configError } from '../../common/errors.js'
import { controllerOf } from '../../common/job/loss.js'
import { readJob } from '../../common/job/parse-job.js'
import { drawExplanation } from '../explain/draw-explanation.js'
import { readSurfaces, type StepSurface, surfacesOf } from '../explain/read-surfaces.js'
import { table } from '../table.js'
import type { Terminal } from '../terminal.js'
import { writeOut } from '../write-out.js'

export interface ExplainOptions {
  readonly out?: string
  readonly field?: string
  readonly step?: number
}

/** Draws the weights that a run's controller gives its candidate losses, and says what they are on average. */
export async function explain(run: string, { out, field, step }: ExplainOptions, terminal: Terminal): Promise<number> {
  if (out !== undefined && !out.endsWith('.svg')) throw configError('usage', `--out: wanted a file that ends in .svg, got ${out}`)
  const history = await readSurfaces(run, step)
  const surfaces = surfacesOf(history, field ?? null)
  const job = readJob(join(run, 'job.yaml'))
  const objective = controllerOf(job.loss)?.objective === 'auc' ? 'pairwise AUC loss' : 'logloss'
  const title = `${job.name}: which loss for which example`
  const path = resolve(out ?? join(run, field === undefined ? 'explain.svg' : `explain-${field.replace(/[^\w.-]/g, '_')}.svg`))
  writeOut(path, drawExplanation({ title, surfaces, steps: history.steps, objective }))
  const last = surfaces.at(-1)!
  const rows = meanWeights(last)
  const text = table(
    [...(field === undefined ? [] : [field]), 'label', ...last.candidates],
    rows.map(({ value, label, weights }) => [
      ...(field === undefined ? [] : [value ?? '']),
      `y = ${label}`,
      ...weights.map((weight) => weight.toFixed(3)),
    ]),
  )
  terminal.result(`Mean weights over p at step ${last.step} of ${basename(resolve(run))}\n\n${text}\n\npicture     ${path}`, {
    ok: true,
    out: path,
    step: last.step,
    version: last.version,
    candidates: last.candidates,
    surfaces: surfaces.length,
    weights: rows,
  })
  return 0
}

/** Means over the grid of probabilities, row by row. */
function meanWeights({ rows }: StepSurface): { value: string | null; label: number; weights: number[] }[] {
  return rows.map(({ value, label, weights }) => ({
    value,
    label,
    weights: weights.map((at) => at.reduce((sum, weight) => sum + weight, 0) / at.length),
  }))
}
