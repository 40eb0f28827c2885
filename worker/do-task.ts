/** One task of the contract -> what goes back with its completion. The list of all that a worker can do. */
import { brokenError } from '../common/errors.js'
import type { Task__Output } from '../proto/generated/lossmith/v1/Task.js'
import type { TaskResult } from '../proto/generated/lossmith/v1/TaskResult.js'
import { checkFiles } from './tasks/check-files.js'
import { connect } from './tasks/connect.js'
import { countValues } from './tasks/count-values.js'
import { evaluate } from './tasks/evaluate.js'
import { indexFile } from './tasks/index-file.js'
import { loadState } from './tasks/load-state.js'
import { prepare } from './tasks/prepare.js'
import { saveState } from './tasks/save-state.js'
import { survey } from './tasks/survey.js'
import { trainEpoch } from './tasks/train-epoch.js'
import type { WorkerContext } from './worker-context.js'

/** `wait` and `finish` are the task loop's own. @throws broken `task-unknown` */
export async function doTask(task: Task__Output, context: WorkerContext): Promise<TaskResult> {
  if (task.checkFiles) return { files: await checkFiles(task.checkFiles.paths) }
  if (task.indexFile) return { index: await indexFile(task.indexFile, context) }
  if (task.survey) return { survey: await survey(task.survey, context) }
  if (task.prepare) return { prepared: await prepare(task.prepare, context) }
  if (task.trainEpoch) return { train: await trainEpoch(task.trainEpoch, context) }
  if (task.evaluate) return { evaluate: { pieces: await evaluate(task.evaluate, context) } }
  if (task.countValues) await countValues(task.countValues, context)
  else if (task.connect) await connect(task.connect, context)
  else if (task.loadState) await loadState(task.loadState.checkpoint, context)
  else if (task.saveState) await saveState(task.saveState, context)
  else throw brokenError('task-unknown', `[task ${task.id}] wanted a task of this version, got ${task.kind ?? 'an unknown kind'}`)
  return {}
}
