import { basename, join, resolve } from 'node:path'
import { configError } from '../../common/errors.js'
import { controllerOf } from '../../common/job/loss.js'
import { readJob } from '../../common/job/parse-job.js'
import { drawExplanation } from '../explain/draw-explanation.js'
import { readSurfaces, type SearchStep, type StepSurface, surfacesOf } from '../explain/read-surfaces.js'
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
  const job = readJob(join(run, 'job.yaml'))
  const surfaces = surfacesOf(history, field ?? null).map((surface) => labelledAsTheLog(surface, job.data.firstClass))
  const objective = controllerOf(job.loss)?.objective === 'auc' ? 'pairwise AUC loss' : 'logloss'
  const title = `${job.name}: which loss for which example`
  const path = resolve(out ?? join(run, field === undefined ? 'explain.svg' : `explain-${field.replace(/[^\w.-]/g, '_')}.svg`))
  writeOut(path, drawExplanation({ title, surfaces, steps: history.steps, classes: job.data.classes, objective }))
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
  const examples = meanOverExamples(history.steps)
  const lines = [
    `Weights of the candidate losses of ${basename(resolve(run))} at step ${last.step}, mean over p from 0 to 1:`,
    `\n${text}\n`,
    ...(examples === null ? [] : [`over the examples of the last ${examples.steps} steps: ${namedWeights(last.candidates, examples.weights)}`]),
    `picture     ${path}`,
  ]
  terminal.result(lines.join('\n'), {
    ok: true,
    out: path,
    step: last.step,
    version: last.version,
    candidates: last.candidates,
    surfaces: surfaces.length,
    weights: rows,
    examples,
  })
  return 0
}

/** A surface counts classes from 0. */
function labelledAsTheLog(surface: StepSurface, firstClass: number): StepSurface {
  return { ...surface, rows: surface.rows.map((row) => ({ ...row, label: row.label + firstClass })) }
}

/** Mean weight of each candidate over the examples of the last steps, at most a hundred; null where no step has weights. */
function meanOverExamples(steps: readonly SearchStep[]): { steps: number; weights: number[] } | null {
  const last = steps.slice(-100)
  if (last.length === 0) return null
  return { steps: last.length, weights: last[0]!.weights.map((_, k) => last.reduce((sum, { weights }) => sum + weights[k]!, 0) / last.length) }
}

const namedWeights = (names: readonly string[], weights: readonly number[]) => names.map((name, k) => `${name} ${weights[k]!.toFixed(3)}`).join(', ')

/** Means over the grid of probabilities, row by row. */
function meanWeights({ rows }: StepSurface): { value: string | null; label: number; weights: number[] }[] {
  return rows.map(({ value, label, weights }) => ({
    value,
    label,
    weights: weights.map((at) => at.reduce((sum, weight) => sum + weight, 0) / at.length),
  }))
}
