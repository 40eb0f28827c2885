/**
 * What happens in a run as structured log lines: every event of RunEvents, steps every few seconds (all of them at debug); of the controller's
 * pictures only that they were made.
 */
import type { Log } from '../common/log.js'
import type { MetricEvent__Output as MetricEvent } from '../proto/generated/lossmith/v1/MetricEvent.js'
import type { RunEvent } from './monitor/run-events.js'
import type { RunStatus } from './run-context.js'

/** Returns the listener. `log` knows run, generation and step. */
export function logRun(log: Log, status: Pick<RunStatus, 'rowsInEpoch'>, everyMs = 3000): (event: RunEvent) => void {
  let lastMs = Number.NEGATIVE_INFINITY
  return ({ unixMs, step, metric, phase, surface, reject, checkpoint, members, log: line }) => {
    if (step) {
      const due = unixMs - lastMs >= everyMs
      if (due) lastMs = unixMs
      const { ranks: _ranks, ...facts } = step
      const text = `epoch ${step.epoch}, loss ${step.loss.toFixed(4)}, ${Math.round(step.examplesPerSecond).toLocaleString('en')} examples/s`
      log[due ? 'info' : 'debug'](text, { event: 'step', ...facts, rowsInEpoch: status.rowsInEpoch || null })
    } else if (metric) log.info(`${metric.split}: ${scores(metric)}`, { event: 'metric', ...metric })
    else if (phase) {
      const { phase: name, detail } = phase
      log.info(detail === '' ? name : `${name}: ${detail}`, { event: 'phase', phase: name, detail })
    } else if (line) {
      const level = line.level === 'warn' || line.level === 'error' ? line.level : 'info'
      log[level](line.message, { event: 'log', message: line.message })
    } else if (reject) log.warn(`rejected ${reject.file}:${reject.line}: ${reject.reason}`, { event: 'reject', ...reject })
    else if (checkpoint) log.info(`checkpoint ${checkpoint.name}`, { event: 'checkpoint', ...checkpoint })
    else if (members) {
      const { generation, members: all } = members
      const who = all.map(({ member, rank, laneCount }) => `${member} (rank ${rank}, ${laneCount} ${laneCount === 1 ? 'lane' : 'lanes'})`).join(', ')
      log.info(`generation ${generation}: ${who}`, { event: 'members', generation, members: all.map(({ member }) => member) })
    } else if (surface) {
      const { step: of, version, field } = surface
      log.debug(`the controller's weights at version ${version}`, { event: 'surface', step: of, version, field })
    }
  }
}

const scores = ({ auc, accuracy, logloss }: MetricEvent) =>
  [
    ['AUC', auc],
    ['accuracy', accuracy],
    ['logloss', logloss],
  ]
    .filter(([, value]) => !Number.isNaN(value))
    .map(([name, value]) => `${name} ${(value as number).toFixed(4)}`)
    .join(', ')
