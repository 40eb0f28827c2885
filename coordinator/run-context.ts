/** What the parts of a run share: one of each for the whole run. */
import type { DataFacts } from '../common/data-facts.js'
import type { FeaturePlan } from '../common/job/features.js'
import type { Job } from '../common/job/job.js'
import type { TrainingPlan } from '../model/plan.js'
import type { TaskResult__Output as TaskResult } from '../proto/generated/lossmith/v1/TaskResult.js'
import type { Artifacts } from './artifacts.js'
import type { CheckpointStore } from './checkpoint-store.js'
import type { ControllerExchange } from './controller/controller-exchange.js'
import type { Ledger } from './ledger.js'
import type { Member, Membership } from './membership.js'
import type { CheckpointList } from './monitor/checkpoint-list.js'
import type { RunProgress } from './monitor/progress.js'
import type { RunEvents } from './monitor/run-events.js'
import type { Pace } from './pace.js'
import type { RunControl } from './run-control.js'
import type { RunDirectory } from './run-directory.js'
import type { StepBook } from './step-book.js'
import type { TaskKind, TaskQueue } from './task-queue.js'

/** Bytes of a float32 tensor of the state. */
export type ReadTensor = (name: string, offset: number, bytes: number) => Promise<Uint8Array>

/** What the coordinator takes from the model side; tests put their own plan here. */
export interface RunParts {
  /** The plan is a function of the job and the data: no worker, host or time. */
  buildPlan(job: Job, features: FeaturePlan, facts: DataFacts): Promise<TrainingPlan>
  exportOnnx(options: { job: Job; features: FeaturePlan; readTensor: ReadTensor; path: string }): Promise<void>
}

export interface RunContext {
  job: Job
  readonly parts: RunParts
  readonly control: RunControl
  readonly events: RunEvents
  readonly membership: Membership
  readonly tasks: TaskQueue
  readonly directory: RunDirectory
  readonly artifacts: Artifacts
  readonly checkpoints: CheckpointStore
  /** Those that are kept. */
  readonly saved: CheckpointList
  readonly status: RunStatus
  readonly progress: RunProgress
  readonly pace: Pace
  /** Set once the data is known. */
  plan: TrainingPlan | undefined
  /** Set while workers train. */
  steps: StepBook | undefined
  /** Set while workers train and the losses are searched. */
  controller: ControllerExchange | undefined
}

/** Where the run stands, for Describe. */
export interface RunStatus {
  phase: string
  step: number
  epoch: number
  rowsInEpoch: number
  ledger: Ledger
  /** Name of the last checkpoint; empty before the first. */
  checkpoint: string
  /** Losses that are mixed, once the plan is there; empty where one is trained. */
  candidates: readonly string[]
  error: string
}

export function enterPhase(context: RunContext, phase: string, detail = ''): void {
  context.status.phase = phase
  context.events.phase(phase, detail)
}

/** One task for each member, all at once; results by rank. A failure of one ends the run (worker-loss.ts), so it is not looked for here. */
export async function onEveryMember(context: RunContext, taskOf: (member: Member) => TaskKind | undefined): Promise<TaskResult[]> {
  const { tasks, membership, control } = context
  const given = membership.ranks.flatMap((member) => {
    const task = taskOf(member)
    return task === undefined ? [] : [tasks.assign(member.name, membership.generation, task)]
  })
  return control.guard(settleAll(given, control.failed))
}

/** A task that fails tells the queue's listener, which names the culprit when it knows it: wait for its verdict, not for the first rejection. */
async function settleAll(given: Promise<TaskResult>[], failed: Promise<never>): Promise<TaskResult[]> {
  return Promise.all(given.map((result) => result.catch(() => failed)))
}
