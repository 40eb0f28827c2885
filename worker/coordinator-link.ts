/**
 * The worker's side of the Training contract: one method a call, each with its deadline, errors as LossmithError. `signal` ends all of
 * them. A call that may be repeated (`again`) is repeated while the coordinator does not answer: the heartbeats decide when it is lost.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { ClientDuplexStream } from '@grpc/grpc-js'
import { type CallLimits, download, unary, upload } from '../common/rpc/call.js'
import { channelOptions } from '../common/rpc/channel-options.js'
import { type ConnectOptions, clientCredentials } from '../common/rpc/credentials.js'
import { explainHangUp } from '../common/rpc/speaks-tls.js'
import { asLossmithError } from '../common/rpc/status.js'
import type { ArtifactChunk, ArtifactChunk__Output } from '../proto/generated/lossmith/v1/ArtifactChunk.js'
import type { CompleteReply__Output } from '../proto/generated/lossmith/v1/CompleteReply.js'
import type { ControllerReport } from '../proto/generated/lossmith/v1/ControllerReport.js'
import type { ControllerState__Output } from '../proto/generated/lossmith/v1/ControllerState.js'
import type { HeartbeatReply__Output } from '../proto/generated/lossmith/v1/HeartbeatReply.js'
import type { HeartbeatRequest } from '../proto/generated/lossmith/v1/HeartbeatRequest.js'
import type { JoinReply__Output } from '../proto/generated/lossmith/v1/JoinReply.js'
import type { JoinRequest } from '../proto/generated/lossmith/v1/JoinRequest.js'
import type { LeaveReply__Output } from '../proto/generated/lossmith/v1/LeaveReply.js'
import type { LeaveRequest } from '../proto/generated/lossmith/v1/LeaveRequest.js'
import type { PutArtifactReply__Output } from '../proto/generated/lossmith/v1/PutArtifactReply.js'
import type { PutStateReply__Output } from '../proto/generated/lossmith/v1/PutStateReply.js'
import type { StateChunk, StateChunk__Output } from '../proto/generated/lossmith/v1/StateChunk.js'
import type { StepOrder__Output } from '../proto/generated/lossmith/v1/StepOrder.js'
import type { StepReport } from '../proto/generated/lossmith/v1/StepReport.js'
import type { Task__Output } from '../proto/generated/lossmith/v1/Task.js'
import type { TaskResult } from '../proto/generated/lossmith/v1/TaskResult.js'
import { contracts } from '../proto/load.js'

export class CoordinatorLink {
  readonly address: string
  private readonly connect: ConnectOptions
  private readonly client: InstanceType<typeof contracts.lossmith.v1.Training>
  private readonly signal: AbortSignal
  private stepStream: ClientDuplexStream<StepReport, StepOrder__Output> | undefined
  private controllerStream: ClientDuplexStream<ControllerReport, ControllerState__Output> | undefined

  constructor(connect: ConnectOptions, signal: AbortSignal) {
    this.address = connect.address
    this.connect = connect
    this.signal = signal
    this.client = new contracts.lossmith.v1.Training(connect.address, clientCredentials(connect), channelOptions(connect))
  }

  async join(request: JoinRequest): Promise<JoinReply__Output> {
    try {
      return await unary((options, done) => this.client.join(request, options, done), this.limits('Join', 10_000))
    } catch (error) {
      throw await explainHangUp(this.connect, error)
    }
  }

  heartbeat(request: HeartbeatRequest, timeoutMs: number): Promise<HeartbeatReply__Output> {
    return unary((options, done) => this.client.heartbeat(request, options, done), this.limits('Heartbeat', timeoutMs))
  }

  /** The coordinator answers within 10 s. */
  nextTask(member: string): Promise<Task__Output> {
    return this.again(() => unary((options, done) => this.client.nextTask({ member }, options, done), this.limits('NextTask', 20_000)))
  }

  complete(result: TaskResult): Promise<CompleteReply__Output> {
    return this.again(() => unary((options, done) => this.client.complete(result, options, done), this.limits('Complete', 10_000)))
  }

  /** Open as long as the worker trains: the heartbeats, not a deadline, say when the other side is gone. */
  steps(): ClientDuplexStream<StepReport, StepOrder__Output> {
    this.stepStream?.cancel()
    this.stepStream = this.client.steps()
    return this.stepStream
  }

  /** Open as long as the worker trains and the loss is searched. */
  controller(): ClientDuplexStream<ControllerReport, ControllerState__Output> {
    this.controllerStream?.cancel()
    this.controllerStream = this.client.controller()
    return this.controllerStream
  }

  putState(chunks: AsyncIterable<StateChunk>, bytes: number): Promise<PutStateReply__Output> {
    return upload((options, done) => this.client.putState(options, done), chunks, this.limits('PutState', transferMs(bytes)))
  }

  getState(member: string, checkpoint: string, bytes: number): AsyncIterable<StateChunk__Output> {
    return download((options) => this.client.getState({ member, checkpoint }, options), this.limits('GetState', transferMs(bytes)))
  }

  putArtifact(chunks: AsyncIterable<ArtifactChunk>, bytes: number): Promise<PutArtifactReply__Output> {
    return upload((options, done) => this.client.putArtifact(options, done), chunks, this.limits('PutArtifact', transferMs(bytes)))
  }

  getArtifact(member: string, name: string): AsyncIterable<ArtifactChunk__Output> {
    return download((options) => this.client.getArtifact({ member, name }, options), this.limits('GetArtifact', artifactMs))
  }

  /** The last call, also when everything else is cancelled; nobody waits for it longer than two seconds. */
  leave(request: LeaveRequest): Promise<LeaveReply__Output> {
    return unary((options, done) => this.client.leave(request, options, done), { timeoutMs: 2000, what: `Leave at ${this.address}` })
  }

  close(): void {
    this.stepStream?.cancel()
    this.controllerStream?.cancel()
    this.client.close()
  }

  private async again<Reply>(call: () => Promise<Reply>): Promise<Reply> {
    for (;;) {
      try {
        return await call()
      } catch (error) {
        if (this.signal.aborted || asLossmithError(error).kind !== 'transient') throw error
      }
      await sleep(200, undefined, { signal: this.signal })
    }
  }

  private limits(call: string, timeoutMs: number): CallLimits {
    return { timeoutMs, signal: this.signal, what: `${call} at ${this.address}` }
  }
}

/** A minute, and a second for every MB: slower than any network worth training over. */
const transferMs = (bytes: number) => 60_000 + bytes / 1000
/** The size is not known before: an hour, for what fits a scratch directory. */
const artifactMs = 3_600_000
