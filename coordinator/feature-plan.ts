/** What the readers must agree on, from the job. Means and deviations are added once the training rows are counted. */
import type { FeaturePlan, NumberFeature } from '../common/job/features.js'
import type { Job } from '../common/job/job.js'

const numberColumns = 13
const categoryColumns = 26

export function featurePlan(job: Job, moments?: { means: number[]; deviations: number[] }): FeaturePlan {
  const binned = job.features.numbers === 'log-bins'
  const numbers: NumberFeature = binned ? { as: 'log-bins' } : { as: 'normalised', ...moments }
  return {
    format: job.data.format,
    numbers,
    categories: { minCount: job.features.minCount },
    fields: categoryColumns + (binned ? numberColumns : 0),
    width: binned ? 0 : numberColumns,
    rows: job.features.rows,
    maxLineBytes: job.data.maxLineBytes,
  }
}

export const needsCounting = (features: FeaturePlan) => features.categories.minCount > 1 || features.numbers.as === 'normalised'
