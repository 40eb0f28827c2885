/** What metrics.jsonl tells about the search of a run: the controller's surfaces, and the weights, losses and validation objective of its steps. */
import { createReadStream, existsSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { configError } from '../../common/errors.js'

/** Weights of every candidate over the predicted probability, as the controller had them at a step. */
export interface StepSurface {
  readonly step: number
  readonly version: number
  /** Of whose values the rows are; null: of all examples. */
  readonly field: string | null
  readonly candidates: readonly string[]
  readonly probabilities: readonly number[]
  readonly rows: readonly SurfaceRow[]
}

export interface SurfaceRow {
  readonly label: number
  readonly value: string | null
  /** By candidate, then by probability. */
  readonly weights: readonly (readonly number[])[]
}

export interface SearchStep {
  readonly step: number
  readonly weights: readonly number[]
  readonly validation: number | null
}

export interface SearchHistory {
  readonly surfaces: readonly StepSurface[]
  readonly steps: readonly SearchStep[]
}

/** Up to step `last`. Config errors run-missing, and no-surface where nothing was searched. */
export async function readSurfaces(run: string, last = Number.POSITIVE_INFINITY): Promise<SearchHistory> {
  const path = join(run, 'metrics.jsonl')
  if (!existsSync(join(run, 'job.yaml')) || !existsSync(path)) throw configError('run-missing', `wanted the directory of a run, found no ${path}`)
  const surfaces: StepSurface[] = []
  const steps: SearchStep[] = []
  for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY })) {
    const { surface, step, weights, validation } = parseLine(line, path)
    if (surface !== undefined && surface.step <= last) surfaces.push(surface)
    else if (step !== undefined && weights !== undefined && step <= last) steps.push({ step, weights, validation: validation ?? null })
  }
  if (surfaces.length === 0) {
    const reason = Number.isFinite(last)
      ? `none up to step ${last}`
      : 'none: its loss has no controller (see loss.search in docs/job.md), or it stopped at once'
    throw configError('no-surface', `[explain] wanted a run with the weights of its candidate losses, found ${reason} in ${path}`)
  }
  return { surfaces, steps }
}

/** Those of one field, or of all examples. Config error no-surface names the fields that there are. */
export function surfacesOf({ surfaces }: SearchHistory, field: string | null): StepSurface[] {
  const chosen = surfaces.filter((surface) => surface.field === field)
  if (chosen.length > 0) return chosen
  const fields = [...new Set(surfaces.flatMap((surface) => surface.field ?? []))]
  const there = fields.length === 0 ? 'its controller has no field among its inputs' : `it has ${fields.join(', ')}`
  throw configError('no-surface', `[explain] wanted surfaces of the field ${field}, found none: ${there}`)
}

interface Line {
  readonly surface?: StepSurface
  readonly step?: number
  readonly weights?: readonly number[]
  readonly validation?: number | null
}

/** The last line of a run that goes on may be half written. */
function parseLine(text: string, path: string): Line {
  try {
    return JSON.parse(text) as Line
  } catch {
    if (text.endsWith('}')) throw configError('run-damaged', `[explain] ${path}: wanted JSON lines, got ${text.slice(0, 80)}`)
    return {}
  }
}
