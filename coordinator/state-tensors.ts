/** The tensors of a checkpoint, from the plan alone: "<name>" for weights, then the optimizer's parts, "<name>.m" and "<name>.v". All float32. */
import type { TensorSpec } from '../common/checkpoint/safetensors.js'
import type { OptimizerSpec, TrainingPlan } from '../model/plan.js'
import type { StateRange__Output as StateRange } from '../proto/generated/lossmith/v1/StateRange.js'

const parts: Record<OptimizerSpec['kind'], readonly string[]> = { sgd: [''], adagrad: ['', '.v'], adam: ['', '.m', '.v'] }

export function stateTensors(plan: Pick<TrainingPlan, 'parameters' | 'tables' | 'optimizer'>): TensorSpec[] {
  const weights = [...plan.parameters, ...plan.tables.map(({ name, rows, width }) => ({ name, shape: [rows, width] }))]
  return weights.flatMap(({ name, shape }) => parts[plan.optimizer.kind].map((part) => ({ name: name + part, shape })))
}

/** Every rank holds the whole state; each puts one contiguous share of it, of equal bytes but for the last. */
export function shareState(specs: readonly TensorSpec[], world: number): StateRange[][] {
  const sizes = specs.map(({ name, shape }) => ({ name, bytes: 4 * shape.reduce((product, size) => product * size, 1) }))
  const total = sizes.reduce((sum, { bytes }) => sum + bytes, 0)
  const share = Math.ceil(total / 4 / world) * 4
  return Array.from({ length: world }, (_, rank) => {
    const [from, to] = [rank * share, Math.min((rank + 1) * share, total)]
    const ranges: StateRange[] = []
    let start = 0
    for (const { name, bytes } of sizes) {
      const offset = Math.max(from - start, 0)
      const end = Math.min(to - start, bytes)
      if (end > offset) ranges.push({ tensor: name, offset, bytes: end - offset })
      start += bytes
    }
    return ranges
  })
}
