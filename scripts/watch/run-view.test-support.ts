/** A run as a watcher is told of it: two workers, a search over three losses, and a clock that stands. */
import type { RunDescription, RunEvent } from '../../coordinator/monitor/monitor-client.js'

export const beginMs = Date.UTC(2026, 0, 1, 12, 0, 0)

const member = (rank: number) => ({
  ...{ member: `worker-${rank + 1}`, host: 'alpha', pid: 100 + rank, rank, device: 'cpu', threads: 1 },
  ...{ firstLane: 4 * rank, laneCount: 4, heartbeatAgeMs: 400, cpuClass: '' },
})

export const description = (changes: Partial<RunDescription> = {}): RunDescription => ({
  ...{
    name: 'ads',
    directory: '/runs/ads',
    version: '0.2.0',
    phase: 'training',
    jobYaml: 'name: ads\n',
    generation: 1,
    step: 300,
    epoch: 2,
    epochs: 3,
  },
  ...{ members: [member(0), member(1)], ledger: null, rowsInEpoch: 20_000, error: '', startedUnixMs: beginMs, lanes: 8, batch: 100, rejects: 1 },
  checkpoints: [
    { name: 'step-00000100', step: 100, bytes: 3 * 2 ** 20, unixMs: beginMs + 10_000 },
    { name: 'step-00000200', step: 200, bytes: 3 * 2 ** 20, unixMs: beginMs + 20_000 },
  ],
  ...{ candidates: ['bce', 'focal', 'kl'], live: true, paused: false },
  ...changes,
})

/** Ten steps a second; the loss falls as 0.3 + 0.4 / (1 + step / 30), rank 1 computes `slow` times as long as rank 0. */
export function stepEvent(step: number, slow = 1): RunEvent {
  const epoch = Math.ceil(step / 200)
  const times = (rank: number) => {
    const computeMs = rank === 1 ? 8 * slow : 8
    const exchangeMs = 2 + (rank === 1 ? 0 : 8 * (slow - 1))
    return { rank, readMs: 0.5, computeMs, exchangeMs, updateMs: 1, searchMs: 3, controllerWaitMs: 0.25, totalMs: computeMs + exchangeMs + 4.75 }
  }
  return {
    unixMs: beginMs + 100 * step,
    kind: 'step',
    step: {
      ...{
        step,
        epoch,
        loss: 0.3 + 0.4 / (1 + step / 30),
        examples: 100,
        examplesPerSecond: 1000 + step,
        rowsDone: 100 * (step - 200 * (epoch - 1)),
      },
      ...{ ranks: [times(0), times(1)], weights: [0.5, 0.125, 0.375], losses: [0.4, 0.1, 0.2], validationLoss: 0, validationExamples: 0 },
    },
  }
}

export const metricEvent = (split: string, step: number, auc: number, logloss: number): RunEvent => ({
  unixMs: beginMs + 100 * step,
  kind: 'metric',
  metric: { step, epoch: 1, split, auc, logloss, calibration: 1, examples: 2000, accuracy: Number.NaN, recalibrated: Number.NaN },
})

export const logEvent = (unixMs: number, level: string, message: string): RunEvent => ({ unixMs, kind: 'log', log: { level, message } })
export const phaseEvent = (unixMs: number, phase: string, detail = ''): RunEvent => ({ unixMs, kind: 'phase', phase: { phase, detail } })
