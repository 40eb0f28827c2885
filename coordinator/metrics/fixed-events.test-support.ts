/**
 * A short run with everything that goes to TensorBoard, cut off at step 8 and resumed after step 5, always the same numbers: what our reader and
 * TensorBoard's own must find in its files. `node dist/coordinator/metrics/fixed-events.test-support.js DIR` writes it into DIR/tensorboard.
 */
import { fileURLToPath } from 'node:url'
import type { RunEvent } from '../monitor/run-events.js'
import type { RunContext } from '../run-context.js'
import { RunTensorboard } from './run-tensorboard.js'

const firstMs = 1_700_000_000_000
const candidates = ['bce', 'focal(2)', 'kl(0.05)']
export const fixedProbabilities = [0.125, 0.375, 0.625, 0.875]

/** Steps half a second apart are all written. */
export const fixedStep = (step: number, unixMs = firstMs + 500 * step): RunEvent =>
  eventOf(unixMs, {
    step: {
      ...{ step, epoch: 1, loss: 1 / (step + 1), examples: 128, examplesPerSecond: 1000 + step, rowsDone: 130 * step },
      ranks: [0, 1].map((rank) => {
        const times = { readMs: 1, computeMs: 2 + rank, exchangeMs: 3, searchMs: 4, updateMs: 0.5, controllerWaitMs: 0.25 }
        return { rank, ...times, totalMs: 10.75 + rank }
      }),
      weights: [0.5, 0.25 + step / 100, 0.25 - step / 100],
      losses: [0.7, 0.2, 0.6].map((loss) => loss / step),
      ...(step > 2 ? { validationLoss: 0.65 - step / 50, validationExamples: 32 } : { validationLoss: 0, validationExamples: 0 }),
    },
  })

const metric = (step: number, split: string, recalibrated: number): RunEvent => {
  const [auc, logloss] = [0.5 + step / 100, 0.6 - step / 100]
  return eventOf(firstMs + 500 * step + 100, {
    metric: { step, epoch: 1, split, auc, logloss, calibration: 1.25, examples: 50, accuracy: 0.75, recalibrated },
  })
}

export const fixedSurface = (step: number, field = ''): RunEvent =>
  eventOf(firstMs + 500 * step + 200, {
    surface: {
      ...{ step, version: step, candidates, probabilities: fixedProbabilities, field },
      rows: [0, 1].map((label) => ({
        label,
        value: field === '' ? '' : 'noisy',
        weights: candidates.flatMap((_, k) => fixedProbabilities.map((p) => (k === label ? p : (1 - p) / 2))),
      })),
    },
  })

const phase = (name: string, unixMs: number): RunEvent => eventOf(unixMs, { phase: { phase: name, detail: '' } })

/** Both coordinators of the run, one after the other, each to the end of its files. */
export async function writeFixedEvents(path: string): Promise<void> {
  const first = new RunTensorboard(fixedContext(path), undefined)
  // Step 3 comes too soon after the last one written and waits for the phase; 4 follows half a second after it.
  const steps = [fixedStep(1), fixedStep(2), fixedStep(3, firstMs + 1100)]
  for (const event of [fixedSurface(0), ...steps, phase('evaluating', firstMs + 1200), metric(3, 'validation', Number.NaN)]) first.add(event)
  for (const step of [4, 5, 6, 7, 8]) first.add(fixedStep(step))
  first.add(fixedSurface(7))
  await first.close()
  const second = new RunTensorboard(fixedContext(path), 6)
  for (const step of [6, 7]) second.add(fixedStep(step, firstMs + 60_000 + 500 * step))
  for (const event of [fixedSurface(6), fixedSurface(6, 'slice'), metric(7, 'validation', Number.NaN), metric(7, 'test', 0.5)]) second.add(event)
  await second.close()
}

export function fixedContext(path: string, log: (level: string, message: string) => void = () => undefined): RunContext {
  return { status: { candidates }, directory: { path }, events: { log } } as unknown as RunContext
}

/** One kind is set, the others are absent, as events that were sent have them. */
function eventOf(unixMs: number, kind: Partial<RunEvent>): RunEvent {
  return { unixMs, kind: Object.keys(kind)[0], ...kind } as RunEvent
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await writeFixedEvents(process.argv[2]!)
