/** Every loss by the name that a job gives it. A loss is a function of logits [B] and labels [B] to [B]; its file says formula and derivative. */
import type { Tensor } from '../graph.js'
import { bce } from './bce.js'

export type Loss = (logits: Tensor, labels: Tensor) => Tensor

export const losses = { bce } satisfies Record<string, Loss>
export type LossName = keyof typeof losses
