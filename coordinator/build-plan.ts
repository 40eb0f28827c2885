/** The training plan of a job: its model, built in or a user's file, compiled. A function of the job, the features and the facts, of nothing else. */
import { type DataFacts, noFacts } from '../common/data-facts.js'
import { configError, LossmithError } from '../common/errors.js'
import type { FeaturePlan } from '../common/job/features.js'
import type { Job, ModelJob } from '../common/job/job.js'
import { controllerOf } from '../common/job/loss.js'
import { buildTrainingPlan } from '../model/build-plan.js'
import type { InputSizes, ModelChoice } from '../model/model.js'
import type { TrainingPlan } from '../model/plan.js'
import { loadModelFile } from './load-model-file.js'

export async function buildPlan({ model, loss, optimizer, train }: Job, features: FeaturePlan, facts: DataFacts = noFacts): Promise<TrainingPlan> {
  const choice = await chooseModel(model)
  const batch = controllerOf(loss)?.batch || train.batch
  const lanes = { laneBatch: train.batch / train.lanes, validationBatch: Math.ceil(batch / train.lanes) }
  return blameModel(model, () => buildTrainingPlan({ model: choice, loss, facts, optimizer, sizes: sizesOf(features), ...lanes }))
}

export async function chooseModel(model: ModelJob): Promise<ModelChoice> {
  return model.kind === 'file' ? { kind: 'file', definition: await loadModelFile(model.path), options: model.options } : model
}

export function sizesOf({ fields, width, rows, classes }: FeaturePlan): InputSizes {
  return { fields, numbers: width, rows, classes }
}

/** An exception of a user's model function is the user's mistake; its message gets the file's name. */
export function blameModel<T>(model: ModelJob, work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (model.kind !== 'file') throw error
    const code = error instanceof LossmithError ? error.code : 'model-file'
    throw configError(code, `${model.path}: ${error instanceof Error ? error.message : error}`)
  }
}
