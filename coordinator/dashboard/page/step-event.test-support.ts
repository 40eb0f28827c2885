/** A step with what a test leaves out. */
import type { StepEvent } from './messages.js'

export function stepEvent(facts: Partial<StepEvent> & { step: number }): StepEvent {
  return {
    epoch: 1,
    loss: 0.5,
    examples: 1024,
    examplesPerSecond: 1000,
    rowsDone: facts.step * 1024,
    ranks: [],
    weights: [],
    losses: [],
    validationLoss: 0,
    validationExamples: 0,
    ...facts,
  }
}
