/** `lossmith evaluate`: the workers load a checkpoint of a run and score a split of its input, or other files. Nothing in the run's directory changes. */
import { join } from 'node:path'
import { listCheckpoints, loadCheckpoint } from '../common/checkpoint/list-checkpoints.js'
import { configError } from '../common/errors.js'
import { checkFiles } from './check-files.js'
import { evaluateSplit } from './evaluate-split.js'
import { indexFiles } from './index-files.js'
import { checkHeaders } from './log-format.js'
import { dataSource, headersOf, prepareInput, vocabularyOf } from './prepare-input.js'
import { planSha256, prepareWorkers } from './prepare-workers.js'
import type { Outcome } from './run.js'
import { enterPhase, type RunContext } from './run-context.js'
import type { RunData } from './run-directory.js'
import { checkSameJob } from './same-job.js'
import { splitPieces } from './split-pieces.js'

export interface EvaluateRequest {
  split: string
  files?: string[]
  /** "step-00000123"; absent: the newest. */
  checkpoint?: string
}

export async function evaluateRun(context: RunContext, request: EvaluateRequest): Promise<Outcome> {
  const { job, control, membership, directory, checkpoints, parts } = context
  const there = await listCheckpoints(checkpoints.directory)
  const name = request.checkpoint?.split('/').filter(Boolean).at(-1) ?? there.at(-1)
  if (name === undefined || !there.includes(name)) {
    const found = there.length === 0 ? 'none' : there.join(', ')
    throw configError('no-checkpoint', `[evaluate] wanted ${name ?? 'a checkpoint'} in ${checkpoints.directory}, found ${found}`)
  }
  const { manifest } = await loadCheckpoint(checkpoints.directory, name)
  const data = directory.readData()
  if (data === undefined) throw configError('run-damaged', `[evaluate] wanted ${join(directory.path, 'data.json')}, found none`)
  checkSameJob(data.job, job, directory.path)

  enterPhase(context, 'joining', `${job.cluster.workers} workers`)
  await control.guardEarly(membership.whenFull())
  const { source, pieces, features, facts } =
    request.files === undefined ? await prepareInput(context, data) : await otherFiles(context, request.files, data)
  const plan = await control.guardEarly(parts.buildPlan(job, features, facts))
  if (planSha256(plan) !== manifest.planSha256)
    throw configError('plan-changed', `[evaluate] wanted the plan ${manifest.planSha256} of ${name}, got ${planSha256(plan)}`)
  await prepareWorkers(context, plan, source, name)

  const { step, epoch } = manifest
  const { classes } = features
  const score = (split: string, own: typeof pieces, slope?: number) => evaluateSplit(context, split, own, { step, epoch, classes, slope })
  const ofSplit = (name: string) => pieces.filter(({ split }) => split === name)
  const ownRows = request.files === undefined
  const validation = ownRows && request.split !== 'validation' ? await score('validation', ofSplit('validation')) : undefined
  const scored = ownRows ? await score(request.split, ofSplit(request.split), validation?.slope) : await score('files', pieces)
  if (scored === undefined)
    throw configError('split-empty', `[evaluate] wanted rows in split "${request.split}" (train, validation or test), found none`)
  if (scored.rejects.length > 0) context.events.log('warn', `${scored.rejects.length} malformed lines were not scored`)
  const { cursors, validationCursors, ledger, epochDone } = manifest
  return {
    status: 'done',
    position: { step, epoch, epochDone, cursors, validationCursors, ledger },
    metrics: [scored.metric],
    checkpoint: name,
    trainedExamples: 0,
    trainingSeconds: 0,
  }
}

async function otherFiles(context: RunContext, paths: string[], { features, facts }: Pick<RunData, 'features' | 'facts'>) {
  const indexes = await indexFiles(context, await checkFiles(context, paths))
  checkHeaders(features.format, headersOf(paths, indexes))
  const pieces = splitPieces(
    indexes.flatMap(({ blocks }) => blocks),
    { by: 'files' },
    () => 'test',
  )
  const { fraction: _, ...source } = dataSource(context.job, paths, indexes, features, vocabularyOf(context))
  return { source, pieces, features, facts }
}
