/**
 * The order of a run. Workers join; the input is checked, indexed and counted; ranks are prepared; then epoch by epoch: train, save, evaluate.
 * Everything here waits for workers' tasks; a lost worker or a failure ends whichever wait is on (run-control.ts); what
 * is asked of the run meanwhile is done between two of these (obey-orders.ts).
 */

import { controllerFile, encodeController } from '../common/checkpoint/controller-file.js'
import { type Manifest, manifestFormat } from '../common/checkpoint/manifest.js'
import { configError } from '../common/errors.js'
import type { Job } from '../common/job/job.js'
import type { TrainingPlan } from '../model/plan.js'
import { type RunController, startController } from './controller/run-controller.js'
import { evaluateSplit } from './evaluate-split.js'
import { emptyLedger, type Ledger } from './ledger.js'
import type { DirectoryHistory } from './monitor/directory-history.js'
import { announceMembers, obeyOrders } from './obey-orders.js'
import { type Input, prepareInput } from './prepare-input.js'
import { planSha256, prepareWorkers } from './prepare-workers.js'
import { enterPhase, onEveryMember, type RunContext } from './run-context.js'
import type { Metric, RunData } from './run-directory.js'
import type { Split } from './split-pieces.js'
import { shareState, stateTensors } from './state-tensors.js'
import { type Position, recordRejects, trainSegment } from './train-segment.js'

/** What is left of an earlier run in the same directory. */
export interface Resumed {
  checkpoint: { name: string; manifest: Manifest } | undefined
  data: RunData | undefined
  past: DirectoryHistory
}

export interface Outcome {
  status: 'done' | 'stopped'
  position: Position
  metrics: Metric[]
  /** Name of the last checkpoint; empty when there is none. */
  checkpoint: string
  onnx?: string
  trainedExamples: number
  trainingSeconds: number
}

export async function run(context: RunContext, resumed: Resumed | undefined): Promise<Outcome> {
  const { job, control, membership } = context
  control.trains = true
  enterPhase(context, 'joining', `${job.cluster.workers} workers`)
  await control.guardEarly(membership.whenFull())
  announceMembers(context)
  const input = await prepareInput(context, resumed?.data)
  const plan = await control.guardEarly(context.parts.buildPlan(job, input.features, input.facts))
  checkSamePlan(plan, resumed?.checkpoint)
  context.status.candidates = plan.candidates
  context.plan = plan
  await prepareWorkers(context, plan, input.source, resumed?.checkpoint?.name ?? '')
  const controller = await startController(context, plan, input, resumed?.checkpoint)
  try {
    return await trainAndEvaluate(context, input, new Trainer(context, input, plan, controller, resumed?.checkpoint), controller)
  } finally {
    controller?.painter.close()
  }
}

async function trainAndEvaluate(context: RunContext, input: Input, trainer: Trainer, controller: RunController | undefined): Promise<Outcome> {
  const { job, control, directory } = context
  controller?.surfaces.begin()
  const stopped = () => obeyOrders(context, input.source, trainer.checkpoint)
  while (!trainer.ended) {
    if (await stopped()) return trainer.outcome('stopped')
    if (trainer.rowsLeft) {
      await trainer.train()
      await trainer.save()
      continue
    }
    for (const split of job.evaluate.everyEpoch) await trainer.evaluate(split)
    trainer.nextEpoch()
  }
  if (await stopped()) return trainer.outcome('stopped')
  control.trains = false
  controller?.surfaces.finish(trainer.step)
  await controller?.painter.settled()
  await trainer.evaluate('test')

  const onnx = await exportModel(context, input, trainer.checkpoint)
  return { ...trainer.outcome('done'), metrics: directory.metrics(), ...(onnx === undefined ? {} : { onnx }) }
}

/** The training part of a run: where it stands and what it wrote. */
class Trainer {
  checkpoint: string
  ended = false
  private position: Position
  private savedEpochDone: boolean
  private trainedExamples = 0
  private trainingMs = 0
  /** Of the validation examples at a step. */
  private slope: { step: number; value: number } | undefined
  private readonly context: RunContext
  private readonly input: Input
  private readonly plan: TrainingPlan
  private readonly controller: RunController | undefined

  constructor(context: RunContext, input: Input, plan: TrainingPlan, controller: RunController | undefined, checkpoint: Resumed['checkpoint']) {
    this.context = context
    this.input = input
    this.plan = plan
    this.controller = controller
    this.checkpoint = checkpoint?.name ?? ''
    this.savedEpochDone = checkpoint?.manifest.epochDone ?? false
    this.position = checkpoint === undefined ? startOfEpoch(1, { step: 0, validationCursors: [], ledger: [] }) : positionOf(checkpoint.manifest)
    context.status.step = this.position.step
    context.status.ledger = this.position.ledger.at(-1) ?? context.status.ledger
  }

  /** Last committed step. */
  get step(): number {
    return this.position.step
  }

  /** There is something to train in this epoch. */
  get rowsLeft(): boolean {
    return !this.position.epochDone && !this.atMaxSteps
  }

  async train(): Promise<void> {
    const { context, input, controller, position } = this
    const startedMs = performance.now()
    this.position = await trainSegment(context, position, nextPause(context.job, position.step), input, controller)
    this.trainingMs += performance.now() - startedMs
    this.trainedExamples += trained(this.position.ledger) - trained(position.ledger)
    context.control.checkpointWanted = false
  }

  /** A checkpoint of the position, unless the last one is of it. */
  async save(): Promise<void> {
    const { context, plan, controller, position } = this
    const { checkpoints, job, directory, events, membership } = context
    if (position.step === 0) return
    const manifest = manifestOf(job, plan, position, controller?.state.version ?? 0, directory.lengths)
    enterPhase(context, 'saving', `step ${position.step}`)
    if (this.checkpoint !== '' && stepOf(this.checkpoint) === position.step) {
      if (position.epochDone && !this.savedEpochDone) await checkpoints.closeEpoch(this.checkpoint, manifest)
    } else {
      const tensors = stateTensors(plan)
      const shares = shareState(tensors, membership.ranks.length)
      const put = (name: string) => onEveryMember(context, ({ rank }) => ({ saveState: { checkpoint: name, ranges: shares[rank]! } }))
      const beside = controller === undefined ? {} : { [controllerFile]: encodeController(controller.state) }
      const { name } = await checkpoints.write(position.step, tensors, manifest, put, job.checkpoint.keep, beside)
      this.checkpoint = name
      const checkpoint = await context.saved.get(name)
      if (checkpoint !== undefined) events.emit({ checkpoint })
    }
    this.savedEpochDone = position.epochDone
    context.status.checkpoint = this.checkpoint
  }

  /** Scores a split unless that was done at this step already; validation first, whose slope recalibrates the others. */
  async evaluate(split: Split): Promise<void> {
    const { context, input } = this
    const { step, epoch } = this.position
    if (context.directory.metrics().some((metric) => metric.split === split && metric.step === step)) return
    if (split !== 'validation') await this.evaluate('validation')
    const slope = this.slope?.step === step ? this.slope.value : undefined
    const pieces = input.pieces.filter((piece) => piece.split === split)
    const scored = await evaluateSplit(context, split, pieces, { step, epoch, classes: input.features.classes, slope })
    if (scored === undefined) return
    if (split === 'validation') this.slope = { step, value: scored.slope }
    context.directory.addMetric(scored.metric)
    recordRejects(context, scored.rejects, input.paths, 0)
  }

  nextEpoch(): void {
    const { position } = this
    const { epoch } = position
    this.ended = this.atMaxSteps || epoch >= this.context.job.train.epochs
    if (!this.ended) this.position = startOfEpoch(epoch + 1, position)
  }

  outcome(status: Outcome['status']): Outcome {
    const { position, checkpoint, trainedExamples } = this
    return { status, position, metrics: this.context.directory.metrics(), checkpoint, trainedExamples, trainingSeconds: this.trainingMs / 1000 }
  }

  private get atMaxSteps(): boolean {
    const { maxSteps } = this.context.job.train
    return maxSteps > 0 && this.position.step >= maxSteps
  }
}

const startOfEpoch = (epoch: number, { step, validationCursors, ledger }: Pick<Position, 'step' | 'validationCursors' | 'ledger'>): Position => ({
  step,
  epoch,
  epochDone: false,
  cursors: [],
  validationCursors,
  ledger: [...ledger, emptyLedger(epoch)],
})

const positionOf = ({ step, epoch, epochDone, cursors, validationCursors, ledger }: Manifest): Position => ({
  ...{ step, epoch, epochDone, cursors, validationCursors, ledger },
})

function manifestOf(job: Job, plan: TrainingPlan, position: Position, controllerVersion: number, lengths: Manifest['lengths']) {
  const { step, epoch, epochDone, cursors, validationCursors, ledger } = position
  const where = { step, epoch, epochDone, seed: job.seed, planSha256: planSha256(plan), cursors, validationCursors, controllerVersion }
  return { format: manifestFormat, ...where, ledger, lengths }
}

/** The step after which workers pause by themselves: the next checkpoint or the last step; 0: the end of the epoch. */
function nextPause({ checkpoint: { everySteps }, train: { maxSteps } }: Job, step: number): number {
  const pauses = [maxSteps, everySteps > 0 ? (Math.floor(step / everySteps) + 1) * everySteps : 0].filter((pause) => pause > 0)
  return pauses.length === 0 ? 0 : Math.min(...pauses)
}

function checkSamePlan(plan: TrainingPlan, checkpoint: Resumed['checkpoint']) {
  const got = planSha256(plan)
  if (checkpoint !== undefined && checkpoint.manifest.planSha256 !== got)
    throw configError(
      'plan-changed',
      `[resume] wanted the plan ${checkpoint.manifest.planSha256} of ${checkpoint.name}, got ${got} from its job: was the model file changed?`,
    )
}

async function exportModel(
  { job, parts, checkpoints, directory, control }: RunContext,
  { features }: Input,
  checkpoint: string,
): Promise<string | undefined> {
  if (checkpoint === '') return undefined
  const readTensor = (name: string, offset: number, bytes: number) => checkpoints.read(checkpoint, name, offset, bytes)
  await control.guard(parts.exportOnnx({ job, features, readTensor, path: directory.model }))
  return directory.model
}

const trained = (ledger: Ledger[]) => ledger.reduce((sum, epoch) => sum + epoch.trained, 0)
const stepOf = (checkpoint: string) => Number(checkpoint.slice('step-'.length))
