/** From file names to what the ranks read: checked, indexed, split, counted, surveyed; or all of that as an earlier run left it, once the files agree. */

import type { DataFacts } from '../common/data-facts.js'
import { configError } from '../common/errors.js'
import type { FeaturePlan } from '../common/job/features.js'
import type { Job } from '../common/job/job.js'
import type { DataSource } from '../proto/generated/lossmith/v1/DataSource.js'
import type { FileIndex__Output as FileIndex } from '../proto/generated/lossmith/v1/FileIndex.js'
import type { Piece__Output as Piece } from '../proto/generated/lossmith/v1/Piece.js'
import { checkFiles } from './check-files.js'
import { countValues, vocabularyArtifact } from './count-values.js'
import { featurePlan } from './feature-plan.js'
import { indexArtifact, indexFiles } from './index-files.js'
import { logFormat } from './log-format.js'
import type { RunContext } from './run-context.js'
import type { RunData } from './run-directory.js'
import { type Split, splitPieces } from './split-pieces.js'
import { surveyInput } from './survey-input.js'
import type { TrainingRows } from './train-segment.js'

export interface Input {
  paths: string[]
  features: FeaturePlan
  facts: DataFacts
  source: DataSource
  pieces: Piece[]
  training: TrainingRows
}

export async function prepareInput(context: RunContext, known: RunData | undefined): Promise<Input> {
  const { job, directory } = context
  const { paths, roles } = inputFiles(job)
  const files = await checkFiles(context, paths, known?.files)
  const indexes = known?.indexes ?? (await indexFiles(context, files))
  const format = known?.features.format ?? logFormat(job, headersOf(paths, indexes))
  const blocks = indexes.flatMap(({ blocks }) => blocks)
  const pieces = piecesOf(job, indexes)
  const training = pieces.filter(({ split }) => split === 'train')
  if (training.length === 0)
    throw configError('no-training-rows', `[data] wanted rows to train on, got none of ${rows(pieces)} in the training split`)
  const features = known?.features ?? (await countValues(context, format, training, dataSource(job, paths, indexes, featurePlan(job, format))))
  const source = dataSource(job, paths, indexes, features, vocabularyOf(context))
  const facts = known?.facts ?? (await surveyInput(context, features, training, source))
  const { cluster: _, ...began } = job
  if (known === undefined) directory.writeData({ job: began, files, indexes, features, facts })
  const lines = blocks.filter(({ file }) => roles[file] === 'train').reduce((sum, block) => sum + block.lines, 0)
  const split = (name: Split) => rows(pieces.filter((piece) => piece.split === name))
  const heldOut = job.data.split.by === 'time' ? { validation: split('validation'), test: split('test') } : { validation: 0, test: 0 }
  return {
    paths,
    features,
    facts,
    source,
    pieces,
    training: { pieces: training, lines, heldOut },
  }
}

/** Of all splits. */
export function piecesOf(job: Job, indexes: readonly FileIndex[]): Piece[] {
  const { roles } = inputFiles(job)
  return splitPieces(
    indexes.flatMap(({ blocks }) => blocks),
    job.data.split,
    (file) => roles[file]!,
  )
}

/** All files of a job in one list; a file's number is its place there. */
export function inputFiles({ data }: Job): { paths: string[]; roles: Split[] } {
  const lists: [Split, string[]][] = [['train', data.train]]
  if (data.split.by === 'files') lists.push(['validation', data.validation], ['test', data.test])
  return { paths: lists.flatMap(([, paths]) => paths), roles: lists.flatMap(([role, paths]) => paths.map(() => role)) }
}

export function dataSource(job: Job, paths: string[], indexes: readonly FileIndex[], features: FeaturePlan, vocabulary = ''): DataSource {
  const { split } = job.data
  return {
    paths,
    indexArtifacts: indexes.map(({ gzip }, file) => (gzip ? indexArtifact(file) : '')),
    featuresJson: JSON.stringify(features),
    vocabularyArtifact: vocabulary,
    ...(split.by === 'fraction' ? { fraction: { seed: job.seed, validation: split.validation, test: split.test } } : {}),
  }
}

export const headersOf = (paths: readonly string[], indexes: readonly FileIndex[]) =>
  indexes.map(({ header }, file) => ({ path: paths[file]!, header }))

export const vocabularyOf = ({ job, artifacts }: RunContext) =>
  job.features.minCount > 1 && artifacts.has(vocabularyArtifact) ? vocabularyArtifact : ''

const rows = (pieces: readonly Piece[]) => pieces.reduce((sum, { take }) => sum + take, 0)
