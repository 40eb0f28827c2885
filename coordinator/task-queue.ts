/**
 * Tasks of members: `assign` puts one at the end of a member's queue, `next` is the member's long poll, `complete` ends it. The head of a
 * queue is handed out again until it is completed, so a lost reply costs nothing; a second completion of the same task changes nothing.
 */
import { LossmithError } from '../common/errors.js'
import type { Failure__Output as Failure } from '../proto/generated/lossmith/v1/Failure.js'
import type { Task } from '../proto/generated/lossmith/v1/Task.js'
import type { TaskResult__Output as TaskResult } from '../proto/generated/lossmith/v1/TaskResult.js'

export type TaskKind = Omit<Task, 'id' | 'generation' | 'kind'>

interface Pending {
  task: Task
  resolve: (result: TaskResult) => void
  reject: (error: Error) => void
}

export class TaskQueue {
  /** Told of every failure, to decide what it means for the run. */
  onFailure: (member: string, failure: Failure) => void = () => undefined
  private lastId = 0
  private ended: Error | undefined
  private readonly queues = new Map<string, Pending[]>()
  private readonly waiting = new Map<string, () => void>()

  assign(member: string, generation: number, kind: TaskKind): Promise<TaskResult> {
    if (this.ended !== undefined) return Promise.reject(this.ended)
    return new Promise((resolve, reject) => {
      const task = { id: ++this.lastId, generation, ...kind }
      this.queue(member).push({ task, resolve, reject })
      this.waiting.get(member)?.()
    })
  }

  /** Resolves with the head of the queue, or with `wait` after `timeoutMs`. */
  async next(member: string, timeoutMs: number): Promise<Task> {
    if (this.queue(member).length === 0) {
      // A newer poll of the same member ends the older one.
      this.waiting.get(member)?.()
      await new Promise<void>((resolve) => {
        const wake = () => {
          clearTimeout(timer)
          if (this.waiting.get(member) === wake) this.waiting.delete(member)
          resolve()
        }
        const timer = setTimeout(wake, timeoutMs)
        this.waiting.set(member, wake)
      })
    }
    return this.queue(member)[0]?.task ?? { id: 0, generation: 0, wait: {} }
  }

  complete(result: TaskResult): void {
    const queue = this.queue(result.member)
    const at = queue.findIndex(({ task }) => task.id === result.task)
    if (at < 0) return
    const [{ resolve, reject }] = queue.splice(at, 1) as [Pending]
    if (result.failure == null) resolve(result)
    else {
      this.onFailure(result.member, result.failure)
      reject(failureError(result.failure))
    }
  }

  /** Ends every task and every poll: the run is over. */
  end(reason: Error): void {
    this.ended = reason
    for (const queue of this.queues.values()) for (const { reject } of queue.splice(0)) reject(reason)
    for (const wake of [...this.waiting.values()]) wake()
  }

  private queue(member: string): Pending[] {
    const queue = this.queues.get(member) ?? []
    this.queues.set(member, queue)
    return queue
  }
}

export function failureError({ kind, code, message }: Failure): LossmithError {
  const known = kind === 'config' || kind === 'refused' || kind === 'transient' ? kind : 'broken'
  return new LossmithError(known, code || 'worker-failure', message)
}
