/** Where the time of DeepFM's training program goes on the GPU: each launch by itself, and all of them as the graph that a step replays. */
import { buildTrainingPlan } from '../../model/build-plan.js'
import { bceAlone } from '../../model/losses/bce.js'
import type { TrainingPlan } from '../../model/plan.js'
import type { ProgramValues } from '../../native/ts/binding.js'
import { loadNative } from '../../native/ts/load.js'
import { clickBatches } from '../bench/click-batches.js'
import { type Part, passed } from './part.js'

/** Fewer rows than in the races, so that the tables need not be made here at full size; the launches are the same. */
const sizes = { fields: 26, numbers: 13, rows: 1_000_012 }
const shown = 6

export function profilePart(precision: 'float32' | 'tf32' | 'bf16'): Part {
  return {
    name: `profile of deepfm, width 16, ${precision}`,
    seconds: 60,
    run: ({ emulated }) => {
      const batch = emulated ? 64 : 65_536
      const plan = buildTrainingPlan({
        model: { kind: 'deepfm', embedding: 16, hidden: emulated ? [32, 16] : [400, 400, 400], dropout: 0 },
        loss: bceAlone,
        optimizer: { kind: 'sgd', rate: 0.1, weightDecay: 0 },
        sizes,
        laneBatch: batch,
      })
      const options = { device: 'cuda' as const, precision, repeats: 20 }
      const { launches, graphMilliseconds } = loadNative().profileProgram(plan.train, batch, valuesOf(plan, batch), options)
      if (emulated) return passed(`${launches.length} launches a lane; an emulated device has no times`, { launches })
      const sum = launches.reduce((total, { milliseconds }) => total + milliseconds, 0)
      const largest = launches.toSorted((a, b) => b.milliseconds - a.milliseconds).slice(0, shown)
      const parts = largest.map(({ instruction, milliseconds }) => `${instruction} ${Math.round((100 * milliseconds) / sum)} %`)
      const text = `${launches.length} launches, ${graphMilliseconds.toFixed(2)} ms as a graph, ${sum.toFixed(2)} one by one: ${parts.join('; ')}`
      return passed(text, { batch, sizes, graphMilliseconds, sum, launches })
    },
  }
}

/** Weights of 0.01: no time depends on them. */
function valuesOf({ parameters, tables }: TrainingPlan, batch: number): ProgramValues {
  const filled = (size: number) => new Float32Array(size).fill(0.01)
  return {
    inputs: { ...clickBatches(1, { ...sizes, examples: batch }, 1)[0]! },
    parameters: Object.fromEntries(parameters.map(({ name, shape }) => [name, filled(shape.reduce((size, each) => size * each, 1))])),
    tables: Object.fromEntries(tables.map(({ name, rows, width }) => [name, { rows, width, values: filled(rows * width) }])),
    seed: 1,
    step: 1,
    lane: 0,
  }
}
