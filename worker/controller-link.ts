/**
 * The Controller stream of one TrainEpoch: what the lanes of a step found goes up, phi comes down to all ranks at once. At most one question is
 * open; who asks for the answer waits, until it comes, the stream breaks, or the worker ends. Like the Steps stream it is ended, not cut.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { ServiceError } from '@grpc/grpc-js'
import { transientError } from '../common/errors.js'
import { fromStatus } from '../common/rpc/status.js'
import type { LaneEvidence } from '../native/ts/binding.js'
import type { ControllerState__Output } from '../proto/generated/lossmith/v1/ControllerState.js'
import type { CoordinatorLink } from './coordinator-link.js'

export interface Controller {
  readonly phi: Float32Array
  readonly version: number
}

export interface ControllerLink {
  /** Does not wait. */
  send(step: number, lanes: readonly LaneEvidence[]): void
  /** What was answered to the last question, once; null when nothing was asked since. */
  answer(): Promise<Controller | null>
  /** Waits until the coordinator has ended the stream too: one that is cut looks like a worker that died. */
  close(): Promise<void>
  /** Sends what is left and waits for nothing; harmless after close. */
  end(): void
}

const closeMs = 10_000

/** `version` is of the controller that the epoch begins with. `signal` ends every wait. */
export function openControllerLink(
  link: Pick<CoordinatorLink, 'address' | 'controller'>,
  { member, generation }: { member: string; generation: number },
  version: number,
  signal: AbortSignal,
): ControllerLink {
  const stream = link.controller()
  const what = `Controller at ${link.address}`
  let used = version
  let asked = 0
  let came: ControllerState__Output | undefined
  let failure: Error | undefined
  let ended = false
  let wake = () => {}
  const fail = (error: Error) => {
    failure ??= error
    wake()
  }
  const abort = () => fail(signal.reason as Error)
  signal.addEventListener('abort', abort, { once: true })
  stream.on('data', (state: ControllerState__Output) => {
    came = state
    wake()
  })
  stream.on('error', (error: ServiceError) => fail(fromStatus(error, what)))
  stream.on('end', () => {
    ended = true
    fail(transientError('controller-closed', `[${what}] wanted an answer to step ${asked}, the coordinator closed the stream`))
  })
  // Step 0 only says whose stream this is.
  stream.write({ member, generation })

  return {
    send(step, lanes) {
      asked = step
      const evidence = lanes.map(({ lane, examples, evidence }) => ({ lane, examples, evidence: bytesOf(evidence) }))
      stream.write({ member, generation, step, version: used, lanes: evidence })
    },
    async answer() {
      if (asked === 0) return null
      while (came?.step !== asked) {
        if (failure) throw failure
        await new Promise<void>((resolve) => (wake = resolve))
      }
      asked = 0
      used = came.version
      return controllerOf(came)
    },
    async close() {
      stream.end()
      if (!ended && !failure) await Promise.race([new Promise<void>((resolve) => (wake = resolve)), sleep(closeMs, undefined, { ref: false })])
      if (failure && !ended) throw failure
      if (!ended) throw transientError('rpc-timeout', `[${what}] wanted the stream ended within ${closeMs} ms`)
    },
    end() {
      signal.removeEventListener('abort', abort)
      stream.end()
    },
  }
}

/** Copied: what arrives may begin at any byte. */
export function controllerOf({ version, phi }: ControllerState__Output): Controller {
  const floats = new Float32Array(phi.length / 4)
  new Uint8Array(floats.buffer).set(phi)
  return { version, phi: floats }
}

const bytesOf = (floats: Float32Array) => Buffer.from(floats.buffer, floats.byteOffset, floats.byteLength)
