/** What the losses that a job mixes are called, as the training plan calls them: labels do not depend on the data. */
import type { Job } from '../../common/job/job.js'
import { candidatesOf } from '../../common/job/loss.js'
import { candidateOf } from '../../model/losses/candidate-of.js'

/** In the order of StepEvent.weights; empty where one loss is trained. */
export function candidateLabels({ loss, data: { classes } }: Job): string[] {
  if (loss.mode === 'one') return []
  const facts = { baseRate: 0.5, classShares: classes > 1 ? new Array<number>(classes).fill(1 / classes) : [] }
  return candidatesOf(loss).map((candidate) => candidateOf(candidate, facts).label)
}
