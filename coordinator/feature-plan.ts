/** What the readers must agree on, from the job and its format. Means and deviations are added once the training rows are counted. */
import { type FeaturePlan, featuresOf, type LogFormat, type NumberFeature } from '../common/job/features.js'
import type { Job } from '../common/job/job.js'

export function featurePlan({ data, features }: Job, format: LogFormat, moments?: { means: number[]; deviations: number[] }): FeaturePlan {
  const numbers: NumberFeature = features.numbers === 'log-bins' ? { as: 'log-bins' } : { as: 'normalised', ...moments }
  const { maxLineBytes, classes, firstClass } = data
  return featuresOf(format, { numbers, categories: { minCount: features.minCount }, rows: features.rows, maxLineBytes, classes, firstClass })
}

export const needsCounting = (features: FeaturePlan) => features.categories.minCount > 1 || features.numbers.as === 'normalised'
