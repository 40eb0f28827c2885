/** Asks for tasks and does them, one after the other, until Finish. A task that fails is reported; the coordinator decides what follows. */
import { setTimeout as sleep } from 'node:timers/promises'
import { LossmithError } from '../common/errors.js'
import { asLossmithError } from '../common/rpc/status.js'
import { doTask } from './do-task.js'
import type { WorkerContext } from './worker-context.js'

/** Resolves with the message of Finish. `onFailure` is told what this worker met itself, before the coordinator's verdict comes. */
export async function taskLoop(context: WorkerContext, onFailure: (error: LossmithError) => void): Promise<string> {
  const { link, member, signal, log } = context
  for (;;) {
    const task = await link.nextTask(member)
    if (!task.kind || task.kind === 'wait') {
      await sleep(50, undefined, { signal }) // a coordinator that answers at once is not asked in a tight loop
      continue
    }
    context.generation = task.generation
    const completion = { member, task: task.id, generation: task.generation }
    if (task.finish) {
      await link.complete(completion)
      return task.finish.message
    }
    const facts = { event: 'task', task: task.kind, id: task.id }
    const startMs = performance.now()
    const tookMs = () => Math.round(performance.now() - startMs)
    log.debug(`begins ${task.kind}`, facts)
    try {
      const result = await doTask(task, context)
      log.debug(`ends ${task.kind} after ${tookMs()} ms`, { ...facts, durationMs: tookMs() })
      await link.complete({ ...result, ...completion })
    } catch (thrown) {
      if (signal.aborted) throw thrown
      const error = taskFailure(thrown)
      const { kind, code, message } = error
      log.warn(`${task.kind} failed after ${tookMs()} ms: ${message}`, { ...facts, event: 'failed', durationMs: tookMs(), kind, code })
      onFailure(error)
      await link.complete({ ...completion, failure: { kind, code, message } })
      // After the report, so that the cause is known before the other ranks find their sockets shut.
      context.rank?.collective?.abort()
    }
  }
}

/** However the exchange broke, it is one thing to the coordinator: a consequence, whose cause is a lost member. */
function taskFailure(thrown: unknown): LossmithError {
  const error = asLossmithError(thrown)
  if (!isCollectiveFailure(error)) return error
  return new LossmithError('transient', 'collective-broken', error.message, { cause: error })
}

export const isCollectiveFailure = (error: LossmithError): boolean => error.code.startsWith('collective-')
