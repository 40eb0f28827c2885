/**
 * One step of one rank, as DESIGN.md §4 tells it. Every line below is one native call on the engine's own threads; this thread only waits,
 * so heartbeats go on. What learns from validation examples joins between the exchange and the agreement.
 */
import { configError } from '../common/errors.js'
import type { Feed, LaneResult, StepSummary, Trainer } from '../native/ts/binding.js'

export interface Commit {
  readonly step: number
  /** This rank's lanes. */
  readonly lanes: readonly LaneResult[]
  /** Over all lanes of all ranks, the same on every rank. */
  readonly sum: StepSummary
  readonly computeMs: number
  readonly exchangeMs: number
  readonly updateMs: number
}

/** `order`: ask all ranks to yield after this step. @throws config `loss-not-finite`, and whatever the engine meets; then nothing was updated. */
export async function step(number: number, order: boolean, { trainer, feed }: { trainer: Trainer; feed: Feed }): Promise<Commit> {
  const start = performance.now()

  // read + compute: each own lane takes its next B/L examples: forward, loss, backward; gradients of the lane's sum, no weight moves
  const lanes = await trainer.compute(number, feed)
  const computed = performance.now()

  // exchange: dense gradients by the lane tree, table gradients as (row, gradient), cursors, counts, finite flags
  const sum = await trainer.exchange(order)
  const exchanged = performance.now()

  // finite agreement: all ranks see the same flags, so all go on or all stop here
  requireFinite(number, sum)

  // update: the summed gradient times 1/N of the global count; the end of an epoch may have rejects and no example at all
  if (sum.examples > 0) await trainer.update(number)

  // commit: this rank has finished the step
  return { step: number, lanes, sum, computeMs: computed - start, exchangeMs: exchanged - computed, updateMs: performance.now() - exchanged }
}

function requireFinite(number: number, { notFinite }: StepSummary): void {
  if (notFinite.length === 0) return
  const lanes = `${notFinite.length === 1 ? 'lane' : 'lanes'} ${notFinite.join(', ')}`
  throw configError(
    'loss-not-finite',
    `[step ${number}] wanted a finite loss and gradient, got NaN or infinity in ${lanes}; step ${number} was not applied. A lower optimizer.rate is the usual cure`,
  )
}
