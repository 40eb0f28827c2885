/**
 * A worker from join to end: joins, heartbeats, does tasks. It ends by Finish, by an error of its own, when the coordinator is lost or says
 * so, when its parent dies, or when it is asked to leave; whichever comes first, it is gone within seconds, also from a blocked exchange.
 */
import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { LossmithError, transientError } from '../common/errors.js'
import { type Log, type LogFacts, logOf } from '../common/log.js'
import { asLossmithError } from '../common/rpc/status.js'
import { version } from '../common/version.js'
import { loadNative, type Native } from '../native/ts/binding.js'
import type { JoinReply__Output } from '../proto/generated/lossmith/v1/JoinReply.js'
import type { JoinRequest } from '../proto/generated/lossmith/v1/JoinRequest.js'
import { Artifacts } from './artifacts.js'
import { availableMemory } from './available-memory.js'
import { CoordinatorLink } from './coordinator-link.js'
import { startHeartbeats } from './heartbeats.js'
import { localAddress } from './local-address.js'
import { type DeviceOptions, ownGpus } from './own-gpus.js'
import { isCollectiveFailure, taskLoop } from './task-loop.js'
import { closeRank, type WorkerContext, whenEnded } from './worker-context.js'

export interface WorkerOptions {
  /** host:port */
  coordinator: string
  /** Default: host:pid. */
  name?: string
  threads: number
  /** What to compute on, as far as the worker has a say: see the coordinator's choose-device. */
  device: DeviceOptions
  /** Address for the exchange between workers. '': the local address that reaches the coordinator. */
  bind: string
  tls?: { ca?: string } | undefined
  insecure: boolean
  token?: string | undefined
  /** Asks the worker to leave. */
  signal: AbortSignal
  /** The worker dies with this process. */
  parentPid?: number
  /** How long to try before the coordinator answers for the first time. */
  joinTimeoutMs?: number
  log?: Log
  /** Told, once the run has this worker, how to learn what log lines are about. */
  onJoin?: (known: () => LogFacts) => void
}

/** A native call that does not return is given this long after an abort; then the process ends without it. */
const graceMs = 1000

/**
 * Resolves after Finish.
 * @throws config `no-gpu`; transient `coordinator-unreachable`, `coordinator-lost`, `run-stopped`, `interrupted`, `parent-gone`; refused what Join refuses;
 * otherwise what this worker's own task met. After a rejection an engine thread may still be blocked: exit the process.
 */
export async function runWorker(options: WorkerOptions, native: Native = loadNative()): Promise<void> {
  if (options.parentPid !== undefined && !native.dieWithParent(options.parentPid)) {
    throw transientError('parent-gone', `[worker] wanted to live with process ${options.parentPid}, it is gone`)
  }
  const ending = new AbortController()
  const leave = () => ending.abort(transientError('interrupted', `the worker left the run at ${options.coordinator}: it was asked to`))
  if (options.signal.aborted) leave()
  else options.signal.addEventListener('abort', leave, { once: true })
  const link = new CoordinatorLink({ ...options, address: options.coordinator }, ending.signal)
  try {
    const bind = options.bind === '' ? await localAddress(options.coordinator) : options.bind
    const membership = await Promise.race([join(link, joinRequest(options, native), options.joinTimeoutMs ?? 60_000), whenEnded(ending.signal)])
    await work({ options, native, link, bind, membership, ending })
  } finally {
    options.signal.removeEventListener('abort', leave)
    link.close()
  }
}

interface Joined {
  options: WorkerOptions
  native: Native
  link: CoordinatorLink
  bind: string
  membership: JoinReply__Output
  ending: AbortController
}

async function work({ options, native, link, bind, membership, ending }: Joined): Promise<void> {
  const { member, heartbeatMs, lostAfterMs, run } = membership
  const { signal } = ending
  const artifacts = new Artifacts(link, member)
  const known = (): LogFacts => ({
    ...{ role: 'worker', run, member, generation: context.generation || undefined },
    ...{ rank: context.rank?.spec.rank, step: context.step || undefined },
  })
  const log = (options.log ?? logOf(() => undefined)).about(known)
  const context: WorkerContext = {
    ...{ native, link, member, artifacts, threads: options.threads, bind, lostAfterMs, signal, log },
    ...{ generation: 0, step: 0, rank: null },
  }
  options.onJoin?.(known)
  log.info(`joined the run at ${link.address} as ${member}`, { event: 'joined' })
  const status = () => ({ member, generation: context.generation, step: context.step })
  const heartbeats = startHeartbeats({ link, heartbeatMs, lostAfterMs, status, onEnd: (reason) => ending.abort(reason) })
  let own: LossmithError | undefined
  const tasks = taskLoop(context, (error) => {
    own ??= error
  })
  try {
    const message = await Promise.race([tasks, whenEnded(signal)])
    log.info(`finished: ${message}`, { event: 'finished' })
  } catch (thrown) {
    const reason = asLossmithError(signal.aborted ? signal.reason : thrown)
    context.rank?.collective?.abort()
    // What this worker met itself says more than the verdict it is told; a broken exchange says less: the verdict names who was lost.
    const told = reason.code === 'run-stopped' || reason.code === 'run-over'
    const verdict = told && own && !isCollectiveFailure(own) ? own : reason
    log.warn(`leaves the run: ${verdict.message}`, { event: 'left', kind: verdict.kind, code: verdict.code })
    if (reason.code !== 'coordinator-lost') await sayGoodbye(link, context, reason)
    throw verdict
  } finally {
    heartbeats.stop()
    ending.abort(transientError('interrupted', 'the worker has ended'))
    const settled = await Promise.race([tasks.then(yes, yes), sleep(graceMs, false, { ref: false })])
    // Handles of a call that has not returned stay open: the process ends without them.
    if (settled && context.rank) closeRank(context.rank)
    artifacts.remove()
  }
}

function joinRequest({ name, threads, device }: WorkerOptions, native: Native): JoinRequest {
  const host = hostname()
  const { pid } = process
  const { cpuClass } = native.describe()
  return {
    ...{ host, pid, version, cpuClass, threads, name: name ?? `${host}:${pid}` },
    ...{ device: device.device, ...ownGpus(device, native), memoryBytes: availableMemory() },
  }
}

async function join(link: CoordinatorLink, request: JoinRequest, timeoutMs: number): Promise<JoinReply__Output> {
  const until = Date.now() + timeoutMs
  for (;;) {
    try {
      return await link.join(request)
    } catch (thrown) {
      const error = asLossmithError(thrown)
      if (error.kind !== 'transient' || error.code === 'rpc-cancelled') throw error
      if (Date.now() < until) {
        await sleep(200)
        continue
      }
      const message = `[join] wanted a coordinator at ${link.address} within ${timeoutMs / 1000} s, got none: ${error.message}`
      throw new LossmithError('transient', 'coordinator-unreachable', message, { cause: error })
    }
  }
}

/** Best effort: the coordinator finds out by itself otherwise. Only a failure that it does not know of yet goes with it. */
async function sayGoodbye(link: CoordinatorLink, { member, generation }: WorkerContext, { kind, code, message }: LossmithError): Promise<void> {
  const known = ['interrupted', 'run-stopped', 'run-over'].includes(code)
  await link.leave({ member, generation, ...(known ? {} : { failure: { kind, code, message } }) }).catch(() => undefined)
}

const yes = () => true
