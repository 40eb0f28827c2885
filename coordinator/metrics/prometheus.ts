/**
 * What /metrics tells of a run, by Prometheus' conventions: base units, `_total` for what only grows, few labels. A row here is a metric. Values
 * are looked up when they are asked for, so that a step costs a few additions (run-tally.ts) and a rank that is gone has no series.
 */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { version } from '../../common/version.js'
import type { MetricEvent__Output as MetricEvent } from '../../proto/generated/lossmith/v1/MetricEvent.js'
import { deviceOf } from '../membership.js'
import type { RunEvent } from '../monitor/run-events.js'
import type { RunContext } from '../run-context.js'
import { RunTally, rowOutcomes, stepPhaseNames } from './run-tally.js'

/** A metric of one series gives a number, undefined while there is none; one with labels gives each series' labels and number. */
interface Reading {
  readonly name: string
  readonly help: string
  readonly labels?: readonly string[]
  readonly read: () => number | undefined | readonly (readonly [labels: Record<string, string | number>, value: number])[]
}

export interface RunMetrics {
  readonly registry: Registry
  /** Takes every event of the run. */
  add(event: RunEvent): void
}

/** Every series carries the label `run`, the name of the run's directory. */
export function runMetrics(context: RunContext): RunMetrics {
  const registry = new Registry()
  registry.setDefaultLabels({ run: context.directory.name })
  const tally = new RunTally()
  for (const reading of gauges(context, tally)) registerGauge(registry, reading)
  for (const reading of counters(context, tally)) registerCounter(registry, reading)
  const stepSeconds = new Histogram({
    name: 'lossmith_step_seconds',
    help: 'Time of a training step on its slowest rank.',
    buckets: [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10],
    registers: [registry],
  })
  processMetrics(registry)
  const add = (event: RunEvent) => {
    tally.add(event, context.status.ledger)
    if (!event.step) return
    let slowestMs = 0
    for (const { totalMs } of event.step.ranks) if (totalMs > slowestMs) slowestMs = totalMs
    stepSeconds.observe(slowestMs / 1000)
  }
  return { registry, add }
}

const runPhases = [
  'joining',
  'checking',
  'indexing',
  'counting',
  'surveying',
  'preparing',
  'training',
  'paused',
  'saving',
  'evaluating',
  'done',
  'failed',
]

function gauges(context: RunContext, tally: RunTally): Reading[] {
  const { status, membership, job, directory } = context
  const phases = () => [...new Set([...runPhases, status.phase])].map((phase) => [{ phase }, phase === status.phase ? 1 : 0] as const)
  const startedSeconds = Date.now() / 1000
  const run = { name: job.name, directory: directory.path, version }
  return [
    {
      name: 'run_info',
      help: 'The run: its name and directory, and the version that trains it. Always 1.',
      labels: Object.keys(run),
      read: () => [[run, 1]],
    },
    { name: 'run_start_time_seconds', help: 'When this coordinator took up the run, in seconds since 1970.', read: () => startedSeconds },
    { name: 'run_phase', help: 'Phase of the run: 1 for the one it is in, 0 for the others.', labels: ['phase'], read: phases },
    { name: 'generation', help: 'How often lanes were dealt to workers; 0 until all have joined.', read: () => membership.generation },
    { name: 'epoch', help: 'Epoch under way, from 1; 0 before the first.', read: () => status.epoch },
    { name: 'epochs', help: 'Epochs that the job wants.', read: () => job.train.epochs },
    { name: 'step', help: 'Last committed step.', read: () => status.step },
    { name: 'train_loss', help: 'Mean loss of the examples of the last step.', read: () => tally.lastStep?.loss },
    { name: 'epoch_rows', help: 'Training rows of one epoch.', read: () => status.rowsInEpoch },
    { name: 'epoch_rows_done', help: 'Training rows read in the epoch under way.', read: () => status.ledger.read },
    { name: 'reject_lines', help: 'Distinct malformed lines so far, those of rejects.tsv.', read: () => directory.rejectCount },
    ...candidateGauges(context, tally),
    ...evaluationGauges(tally),
    ...workerGauges(context),
    { name: 'checkpoint_step', help: 'Step of the last checkpoint.', read: () => tally.lastCheckpoint?.step },
    {
      name: 'checkpoint_timestamp_seconds',
      help: 'When the last checkpoint was written, in seconds since 1970.',
      read: () => tally.lastCheckpoint && tally.lastCheckpoint.unixMs / 1000,
    },
    { name: 'checkpoint_size_bytes', help: 'Size of the last checkpoint.', read: () => tally.lastCheckpoint?.bytes },
  ]
}

function candidateGauges({ status }: RunContext, tally: RunTally): Reading[] {
  const each = (of: 'weights' | 'losses') => () =>
    (tally.lastStep?.[of] ?? []).map((value, i) => [{ candidate: status.candidates[i] ?? `${i}` }, value] as const)
  return [
    { name: 'candidate_weight', help: 'Mean weight of a candidate loss in the last step.', labels: ['candidate'], read: each('weights') },
    { name: 'candidate_loss', help: 'Mean of a candidate loss in the last step.', labels: ['candidate'], read: each('losses') },
    {
      name: 'validation_loss',
      help: "Mean validation objective of the last step that taught the losses' controller.",
      read: () => tally.validationLoss,
    },
  ]
}

/** Of the last evaluation of each split; what could not be computed has no series. */
function evaluationGauges({ metrics }: RunTally): Reading[] {
  const each = (of: Exclude<keyof MetricEvent, 'split'>) => () =>
    [...metrics.values()].filter((metric) => !Number.isNaN(metric[of])).map((metric) => [{ split: metric.split }, metric[of]] as const)
  const labels = ['split']
  return [
    { name: 'auc', help: 'Area under the ROC curve of the last evaluation of a split.', labels, read: each('auc') },
    { name: 'logloss', help: 'Mean logloss, in nats, of the last evaluation of a split.', labels, read: each('logloss') },
    {
      name: 'recalibrated_logloss',
      help: 'As logloss, after one slope on the logit that is fitted on validation rows.',
      labels,
      read: each('recalibrated'),
    },
    { name: 'accuracy_ratio', help: 'Part of the rows that the last evaluation of a split got right.', labels, read: each('accuracy') },
    { name: 'calibration_ratio', help: 'Predicted clicks over clicks in the last evaluation of a split.', labels, read: each('calibration') },
    { name: 'evaluated_examples', help: 'Rows scored in the last evaluation of a split.', labels, read: each('examples') },
    { name: 'evaluation_step', help: 'Step of the last evaluation of a split.', labels, read: each('step') },
  ]
}

function workerGauges({ membership }: RunContext): Reading[] {
  const each = (value: (member: (typeof membership.ranks)[number]) => number) => () =>
    membership.ranks.map((member) => [{ worker: member.name, rank: member.rank, device: deviceOf(member) }, value(member)] as const)
  const labels = ['worker', 'rank', 'device']
  return [
    { name: 'workers', help: 'Workers of the run that are there.', read: () => membership.ranks.length },
    { name: 'worker_lanes', help: 'Lanes of a worker.', labels, read: each(({ lanes }) => lanes.count) },
    { name: 'worker_threads', help: 'Threads that a worker computes with.', labels, read: each(({ request }) => request.threads) },
    {
      name: 'worker_heartbeat_age_seconds',
      help: 'Time since a worker was last heard of.',
      labels,
      read: each(({ lastHeardMs }) => (Date.now() - lastHeardMs) / 1000),
    },
  ]
}

/** Since this coordinator began: after a resume they begin at 0 again, as Prometheus expects of a new process. */
function counters({ membership }: RunContext, tally: RunTally): Reading[] {
  const phases = () =>
    membership.ranks.flatMap(({ rank }) => stepPhaseNames.map((phase) => [{ rank, phase }, (tally.phaseMs[rank]?.[phase] ?? 0) / 1000] as const))
  const levels = () => Object.entries(tally.logs).map(([level, lines]) => [{ level }, lines] as const)
  const rows = () => rowOutcomes.map((outcome) => [{ outcome }, tally.rows[outcome]] as const)
  return [
    { name: 'steps_total', help: 'Training steps that were committed.', read: () => tally.steps },
    { name: 'examples_total', help: 'Examples that were trained on.', read: () => tally.examples },
    { name: 'controller_examples_total', help: "Validation examples that the losses' controller was shown.", read: () => tally.controllerExamples },
    { name: 'rows_total', help: 'Rows of the training files by what became of them.', labels: ['outcome'], read: rows },
    {
      name: 'step_phase_seconds_total',
      help: 'Time of training steps on a rank by what it was spent on; controller_wait: for the answer of the controller of losses.',
      labels: ['rank', 'phase'],
      read: phases,
    },
    { name: 'checkpoints_total', help: 'Checkpoints that were written.', read: () => tally.checkpoints },
    { name: 'log_messages_total', help: 'Messages of the run by their level.', labels: ['level'], read: levels },
  ]
}

function registerGauge(registry: Registry, { name, help, labels = [], read }: Reading) {
  const gauge = new Gauge<string>({
    ...{ name: `lossmith_${name}`, help, labelNames: labels, registers: [registry] },
    collect: () => {
      gauge.reset()
      const value = read()
      if (typeof value === 'number') gauge.set(value)
      else if (value === undefined) gauge.remove()
      else for (const [of, each] of value) gauge.set(of, each)
    },
  })
}

function registerCounter(registry: Registry, { name, help, labels = [], read }: Reading) {
  const counter = new Counter<string>({
    ...{ name: `lossmith_${name}`, help, labelNames: labels, registers: [registry] },
    collect: () => {
      counter.reset()
      const value = read() ?? 0
      if (typeof value === 'number') counter.inc(value)
      else for (const [of, each] of value) counter.inc(of, each)
    },
  })
}

/** Of this process. Three of prom-client's names are a counter's, of gauges; what they tell stands in others too. */
function processMetrics(registry: Registry) {
  collectDefaultMetrics({ register: registry })
  for (const what of ['handles', 'requests', 'resources']) registry.removeSingleMetric(`nodejs_active_${what}_total`)
}
