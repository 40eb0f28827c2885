/**
 * The controller of a run from its start to its end: what it knows, what its lanes are shown, what is kept of it. It begins at the checkpoint
 * that is resumed, else at another run's controller (loss.controller.from), else at first weights from the seed.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { readController } from '../../common/checkpoint/controller-file.js'
import { loadNewestCheckpoint } from '../../common/checkpoint/list-checkpoints.js'
import type { Manifest } from '../../common/checkpoint/manifest.js'
import type { DataFacts } from '../../common/data-facts.js'
import { brokenError, configError } from '../../common/errors.js'
import type { Job } from '../../common/job/job.js'
import { candidatesOf, controllerOf } from '../../common/job/loss.js'
import { readJob } from '../../common/job/parse-job.js'
import { initialController } from '../../model/controller/initial-controller.js'
import type { ControllerPlan, TrainingPlan } from '../../model/plan.js'
import type { Piece__Output as Piece } from '../../proto/generated/lossmith/v1/Piece.js'
import { dealBlocks } from '../deal-blocks.js'
import type { Input } from '../prepare-input.js'
import type { RunContext } from '../run-context.js'
import { RunDirectory } from '../run-directory.js'
import { ControllerState } from './controller-state.js'
import { entropySchedule, stepsOfEpoch } from './entropy-schedule.js'
import { SurfacePainter } from './surface-painter.js'
import { Surfaces } from './surfaces.js'

export interface RunController {
  readonly plan: ControllerPlan
  readonly state: ControllerState
  /** The bonus on the entropy in a step. */
  readonly entropyAt: (step: number) => number
  /** Validation pieces by lane; none where the controller is frozen. Dealt once: these lanes go round and round over the epochs. */
  readonly validation: readonly Piece[][]
  readonly surfaces: Surfaces
  readonly painter: SurfacePainter
}

/** Undefined where no controller weighs the losses. Config errors no-controller-file, controller-mismatch, checkpoint-damaged, run-missing. */
export async function startController(
  context: RunContext,
  plan: TrainingPlan,
  { pieces, facts, training }: Pick<Input, 'pieces' | 'facts' | 'training'>,
  resumed: { name: string; manifest: Manifest } | undefined,
): Promise<RunController | undefined> {
  const { job, checkpoints, directory } = context
  const { controller } = plan
  const rule = controllerOf(job.loss)
  if (rule === null || controller === null) return undefined
  const { lanes } = job.train
  const start =
    resumed === undefined
      ? { phi: await firstPhi(job, controller, facts) }
      : { ...(await readController(join(checkpoints.directory, resumed.name))), version: resumed.manifest.controllerVersion }
  const state = new ControllerState({ layout: controller.evidence, rule, lanes }, start)
  const epochSteps = stepsOfEpoch(job, training.pieces)
  const entropyAt = entropySchedule(rule.entropy, job.train.epochs * Math.ceil(epochSteps))
  const painter = new SurfacePainter(context, controller, facts)
  const surfaces = new Surfaces(state, epochSteps, directory.lastSurface(), (snapshot) => painter.paint(snapshot))
  const validation = controller.search === null ? [] : pieces.filter(({ split }) => split === 'validation')
  return { plan: controller, state, entropyAt, validation: dealBlocks(validation, lanes, job.seed, 0, 'deal-validation'), surfaces, painter }
}

async function firstPhi(job: Job, plan: ControllerPlan, facts: DataFacts): Promise<Float32Array> {
  const { from } = controllerOf(job.loss)!
  const phi = from === '' ? initialController(plan.parameters, BigInt(job.seed)) : await phiOfRun(from, job, facts)
  if (phi.length !== plan.size)
    throw brokenError('controller-size', `[controller] wanted ${plan.size} floats of ${from === '' ? 'the seed' : from}, got ${phi.length}`)
  return phi
}

/** Of the newest checkpoint of another run, whose controller has the same candidates, inputs and shape. */
async function phiOfRun(run: string, job: Job, facts: DataFacts): Promise<Float32Array> {
  const path = join(run, 'job.yaml')
  if (!existsSync(path)) throw configError('run-missing', `[controller] wanted the directory of a run (loss.controller.from), found no ${path}`)
  const theirs = readJob(path)
  requireSame(run, layoutOf(job, facts), layoutOf(theirs, new RunDirectory(run).readData()?.facts))
  const checkpoint = await loadNewestCheckpoint(join(run, 'checkpoints'))
  if (checkpoint === undefined) throw configError('no-checkpoint', `[controller] wanted a checkpoint of ${run} (loss.controller.from), found none`)
  return (await readController(checkpoint.directory)).phi
}

/** What must agree for phi to mean the same: by name, so that a message can say what does not. */
function layoutOf({ loss, data }: Job, facts: DataFacts | undefined): Record<string, unknown> {
  const controller = controllerOf(loss)
  if (controller === null) return { 'loss.mode': loss.mode }
  const { inputs, hidden, fieldWidth } = controller
  const fields = inputs.filter((input) => input.startsWith('field:')).map((input) => input.slice('field:'.length))
  const values = (name: string) => facts?.fields.find((field) => field.name === name)?.values.map(({ text }) => text)
  return {
    'loss.mode': loss.mode,
    'loss.candidates': candidatesOf(loss),
    'data.classes': data.classes,
    'loss.controller.inputs': inputs,
    'loss.controller.hidden': hidden,
    ...(fields.length === 0 ? {} : { 'loss.controller.fieldWidth': fieldWidth }),
    ...Object.fromEntries(fields.map((name) => [`the values of ${name}`, values(name)])),
  }
}

function requireSame(run: string, wanted: Record<string, unknown>, got: Record<string, unknown>): void {
  for (const [key, value] of Object.entries(wanted)) {
    const [here, there] = [value, got[key]].map((of) => JSON.stringify(of) ?? 'none')
    if (here !== there) throw configError('controller-mismatch', `[controller] ${run} (loss.controller.from): wanted ${key} ${here}, got ${there}`)
  }
}
