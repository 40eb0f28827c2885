/**
 * The bonus on the entropy of the weights, from its start, linearly, to its end at the last step of the last epoch. Kept up to the end it would
 * hold the weights where they are mixed; without it they settle before the evidence is in. train.maxSteps does not count: a run that is cut
 * short and goes on learns as one that was not.
 */
import type { Job } from '../../common/job/job.js'

export function entropySchedule({ start, end }: { start: number; end: number }, steps: number): (step: number) => number {
  return (step) => start + (end - start) * Math.min(1, step / steps)
}

/** By the lines of the training pieces, and by the odds where each row's split is drawn. No whole number: rejects are not known before. */
export function stepsOfEpoch({ data: { split }, train }: Pick<Job, 'data' | 'train'>, pieces: readonly { take: number }[]): number {
  const rows = pieces.reduce((sum, { take }) => sum + take, 0)
  return (split.by === 'fraction' ? rows * (1 - split.validation - split.test) : rows) / train.batch
}
