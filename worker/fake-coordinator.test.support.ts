/** A coordinator that hands out what a test puts in: a real gRPC server of the Training contract without any order of its own. */
import { Server, type ServerUnaryCall, type sendUnaryData, status } from '@grpc/grpc-js'
import { refusedError } from '../common/errors.js'
import { serverOptions } from '../common/rpc/channel-options.js'
import { serverCredentials } from '../common/rpc/credentials.js'
import { toStatus } from '../common/rpc/status.js'
import type { ControllerReport__Output } from '../proto/generated/lossmith/v1/ControllerReport.js'
import type { ControllerState } from '../proto/generated/lossmith/v1/ControllerState.js'
import type { JoinRequest__Output } from '../proto/generated/lossmith/v1/JoinRequest.js'
import type { LeaveRequest__Output } from '../proto/generated/lossmith/v1/LeaveRequest.js'
import type { StateChunk, StateChunk__Output } from '../proto/generated/lossmith/v1/StateChunk.js'
import type { StepReport__Output } from '../proto/generated/lossmith/v1/StepReport.js'
import type { Task } from '../proto/generated/lossmith/v1/Task.js'
import type { TaskResult__Output } from '../proto/generated/lossmith/v1/TaskResult.js'
import type { TrainingHandlers } from '../proto/generated/lossmith/v1/Training.js'
import { contracts } from '../proto/load.js'

export interface FakeCoordinator {
  address: string
  joins: JoinRequest__Output[]
  leaves: LeaveRequest__Output[]
  heartbeats: number[]
  reports: StepReport__Output[]
  controllerReports: ControllerReport__Output[]
  /** What a report of the controller is answered with; undefined: nothing. */
  answerController: (report: ControllerReport__Output) => ControllerState | undefined
  /** Later than at once. */
  sendController: (state: ControllerState) => void
  chunks: StateChunk__Output[]
  artifacts: Map<string, Buffer>
  state: StateChunk[]
  refuseJoin: Error | undefined
  heartbeatReply: { stop: boolean; reason: string } | 'silence' | 'unknown'
  /** Asks to yield once this step was reported. */
  yieldAfter: number
  /** Gives a task to the worker and resolves with its result. */
  give(task: Task): Promise<TaskResult__Output>
  stop(): void
}

export async function startFakeCoordinator({ lostAfterMs = 2000, port = 0 } = {}): Promise<FakeCoordinator> {
  const tasks: { task: Task; resolve: (result: TaskResult__Output) => void }[] = []
  let lastId = 0
  const server = new Server(serverOptions())
  const fake: FakeCoordinator = {
    ...{ address: '', joins: [], leaves: [], heartbeats: [], reports: [], controllerReports: [], chunks: [], artifacts: new Map(), state: [] },
    ...{ refuseJoin: undefined, heartbeatReply: { stop: false, reason: '' }, yieldAfter: Number.POSITIVE_INFINITY },
    answerController: ({ step, version }) => ({ step, version: version + 1, phi: floatBytes(step, step / 2) }),
    sendController: () => undefined,
    give: (task) => new Promise((resolve) => tasks.push({ task: { id: ++lastId, generation: 1, ...task }, resolve })),
    stop: () => server.forceShutdown(),
  }
  const handlers: TrainingHandlers = {
    Join(call, done) {
      if (fake.refuseJoin) return done(toStatus(fake.refuseJoin))
      fake.joins.push(call.request)
      done(null, { member: call.request.name, heartbeatMs: 50, lostAfterMs })
    },
    Heartbeat(call, done) {
      fake.heartbeats.push(call.request.step)
      if (fake.heartbeatReply === 'unknown') done(toStatus(refusedError('member-unknown', 'not of this run'), status.NOT_FOUND))
      else if (fake.heartbeatReply !== 'silence') done(null, fake.heartbeatReply)
    },
    NextTask(_call, done) {
      setTimeout(() => done(null, tasks[0]?.task ?? { wait: {} }), tasks.length > 0 ? 0 : 20)
    },
    Complete(call: ServerUnaryCall<TaskResult__Output, object>, done: sendUnaryData<object>) {
      if (tasks[0]?.task.id === call.request.task) tasks.shift()!.resolve(call.request)
      done(null, {})
    },
    Steps(call) {
      call.on('data', (report: StepReport__Output) => {
        if (report.step > 0) fake.reports.push(report)
        if (report.step >= fake.yieldAfter) call.write({ yield: true, reason: 'test' })
      })
      call.on('end', () => call.end())
    },
    Controller(call) {
      fake.sendController = (state) => void call.write(state)
      call.on('data', (report: ControllerReport__Output) => {
        if (report.step === 0) return
        fake.controllerReports.push(report)
        const answer = fake.answerController(report)
        if (answer) call.write(answer)
      })
      call.on('end', () => call.end())
    },
    PutState(call, done) {
      let bytes = 0
      call.on('data', (chunk: StateChunk__Output) => {
        fake.chunks.push(chunk)
        bytes += chunk.data.length
      })
      call.on('end', () => done(null, { bytes }))
    },
    GetState(call) {
      for (const chunk of fake.state) call.write(chunk)
      call.end()
    },
    PutArtifact(call, done) {
      const parts: Buffer[] = []
      let name = ''
      call.on('data', (chunk: { name: string; data: Buffer }) => {
        name = chunk.name
        parts.push(chunk.data)
      })
      call.on('end', () => {
        fake.artifacts.set(name, Buffer.concat(parts))
        done(null, { bytes: fake.artifacts.get(name)!.length })
      })
    },
    GetArtifact(call) {
      const data = fake.artifacts.get(call.request.name)
      if (!data) return void call.emit('error', toStatus(new Error(`no artifact ${call.request.name}`), status.NOT_FOUND))
      call.write({ name: call.request.name, data })
      call.end()
    },
    Leave(call, done) {
      fake.leaves.push(call.request)
      done(null, {})
    },
  }
  server.addService(contracts.lossmith.v1.Training.service, handlers)
  const address = `127.0.0.1:${port}`
  const bound = await new Promise<number>((resolve, reject) =>
    server.bindAsync(address, serverCredentials({ address, insecure: false }), (error, got) => (error ? reject(error) : resolve(got))),
  )
  fake.address = `127.0.0.1:${bound}`
  return fake
}

export const floatBytes = (...floats: number[]) => Buffer.from(Float32Array.from(floats).buffer)
