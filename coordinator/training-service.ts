/** The Training service: gRPC on one side, the run's parts on the other. It decides nothing; it tells worker-loss.ts what it sees. */
import { type ServerDuplexStream, type ServerReadableStream, type ServerWritableStream, status } from '@grpc/grpc-js'
import { LossmithError, refusedError } from '../common/errors.js'
import { chunkBytes } from '../common/rpc/channel-options.js'
import { asLossmithError, toStatus } from '../common/rpc/status.js'
import type { StateChunk } from '../proto/generated/lossmith/v1/StateChunk.js'
import type { StepOrder } from '../proto/generated/lossmith/v1/StepOrder.js'
import type { StepReport__Output as StepReport } from '../proto/generated/lossmith/v1/StepReport.js'
import type { TrainingHandlers } from '../proto/generated/lossmith/v1/Training.js'
import type { ArtifactSink } from './artifacts.js'
import type { Member } from './membership.js'
import type { RunContext } from './run-context.js'
import type { WorkerLoss } from './worker-loss.js'
import { serveWorkerStream } from './worker-stream.js'

const pollMs = 8_000

type StepStream = ServerDuplexStream<StepReport, StepOrder>

export function trainingService(context: RunContext, loss: WorkerLoss): TrainingHandlers {
  const { membership, tasks, control, artifacts, checkpoints } = context
  const streams = new Set<StepStream>()
  control.onOrder = (reason) => {
    for (const stream of streams) stream.write({ yield: true, reason })
  }

  /** The member of a call, counted as heard; once the run is over nobody is a member any more and every call says why. */
  const memberOf = (name: string): Member => {
    const member = membership.get(name)
    if (member === undefined) throw refusedError('member-unknown', `[member] ${JSON.stringify(name)} is not of this run`)
    if (control.failure !== undefined) {
      member.gone = true
      throw refusedError('run-over', `the run has ended: ${control.failure.message}`)
    }
    membership.heard(member)
    return member
  }
  const served = { context, loss, memberOf }

  return {
    Join: (call, done) =>
      answer(done, () => {
        if (control.failure !== undefined) throw refusedError('run-over', `the run has ended: ${control.failure.message}`)
        const { name } = membership.join(call.request)
        const { heartbeatMs, lostAfterMs } = context.job.cluster
        return { member: name, heartbeatMs, lostAfterMs, run: context.directory.name }
      }),

    Heartbeat: (call, done) =>
      answer(done, () => {
        const member = membership.get(call.request.member)
        if (member !== undefined && control.failure !== undefined) {
          member.gone = true
          return { stop: true, reason: control.failure.message }
        }
        memberOf(call.request.member)
        return { stop: false, reason: '' }
      }),

    NextTask: (call, done) =>
      answer(done, async () => {
        const { name } = memberOf(call.request.member)
        const task = await tasks.next(name, pollMs)
        memberOf(name)
        return task
      }),

    Complete: (call, done) =>
      answer(done, () => {
        const member = membership.get(call.request.member)
        // A worker that learnt of the end may still report what became of its task.
        if (member === undefined || control.failure === undefined) memberOf(call.request.member)
        tasks.complete(call.request)
        return {}
      }),

    Steps: (call) => {
      streams.add(call)
      if (control.yieldReason !== undefined) call.write({ yield: true, reason: control.yieldReason })
      serveWorkerStream(served, call, {
        report: ({ rank }, report) => context.steps?.add(rank, report),
        closed: () => streams.delete(call),
      })
    },

    Controller: (call) => {
      const { controller } = context
      if (controller === undefined) {
        call.emit('error', toStatus(refusedError('no-controller', '[controller] wanted a run that searches its loss, got one that does not')))
        return
      }
      const answer = controller.open((state) => call.write(state))
      serveWorkerStream(served, call, { report: ({ rank }, report) => controller.add(rank, report), closed: () => controller.close(answer) })
    },

    PutState: (call, done) =>
      answer(done, () => {
        let name = ''
        return receive(
          call,
          async (chunk) => {
            memberOf(chunk.member || call.metadata.get('member')[0]?.toString() || '')
            name ||= chunk.checkpoint
            await checkpoints.putChunk(name, chunk)
            return chunk.data.length
          },
          control.fail.bind(control),
        )
      }),

    GetState: (call) =>
      void send(call, async function* (): AsyncGenerator<StateChunk> {
        const { name } = memberOf(call.request.member)
        for await (const chunk of checkpoints.chunks(call.request.checkpoint, chunkBytes))
          yield { member: name, checkpoint: call.request.checkpoint, ...chunk }
      }),

    PutArtifact: (call, done) =>
      answer(done, async () => {
        let sink: ArtifactSink | undefined
        try {
          const reply = await receive(
            call,
            async (chunk) => {
              if (sink === undefined) {
                memberOf(chunk.member)
                sink = await artifacts.receive(chunk.name)
              }
              await sink.write(chunk.data)
              return chunk.data.length
            },
            control.fail.bind(control),
          )
          await sink?.commit()
          return reply
        } catch (error) {
          await sink?.abort()
          throw error
        }
      }),

    GetArtifact: (call) =>
      void send(call, async function* () {
        const { name: member } = memberOf(call.request.member)
        for await (const data of artifacts.chunks(call.request.name, chunkBytes)) yield { member, name: call.request.name, data }
      }),

    Leave: (call, done) =>
      answer(done, () => {
        const member = membership.get(call.request.member)
        if (member === undefined || member.gone) return {}
        if (call.request.failure != null && control.failure === undefined) loss.reported(member, call.request.failure)
        else if (membership.generation > 0 && control.failure === undefined) loss.lost(member, 'it left the run')
        if (membership.generation === 0) membership.remove(member)
        member.gone = true
        return {}
      }),
  }
}

function answer<Reply>(done: (error: ReturnType<typeof toStatus> | null, reply?: Reply) => void, work: () => Reply | Promise<Reply>): void {
  Promise.resolve()
    .then(work)
    .then(
      (reply) => done(null, reply),
      (error) => {
        const gone = error instanceof LossmithError && (error.code === 'member-unknown' || error.code === 'run-over')
        done(toStatus(error, gone ? status.NOT_FOUND : undefined))
      },
    )
}

/** Chunks up, one after the other; the disk sets the pace. What fails on this side is the run's failure: the worker did nothing wrong. */
async function receive<Chunk, Reply>(
  call: ServerReadableStream<Chunk, Reply>,
  take: (chunk: Chunk) => Promise<number>,
  fail: (error: LossmithError) => void,
): Promise<{ bytes: number }> {
  let bytes = 0
  for await (const chunk of call as AsyncIterable<Chunk>) {
    try {
      bytes += await take(chunk)
    } catch (error) {
      if (!(error instanceof LossmithError && error.kind === 'refused')) fail(asLossmithError(error))
      throw error
    }
  }
  return { bytes }
}

/** Chunks down, no faster than the client takes them. */
async function send<Request, Chunk>(call: ServerWritableStream<Request, Chunk>, chunks: () => AsyncGenerator<Chunk>): Promise<void> {
  try {
    for await (const chunk of chunks()) {
      if (call.cancelled) return
      if (!call.write(chunk))
        await new Promise<void>((resolve) => {
          const go = () => {
            call.off('drain', go).off('cancelled', go).off('close', go)
            resolve()
          }
          call.on('drain', go).on('cancelled', go).on('close', go)
        })
    }
    call.end()
  } catch (error) {
    call.emit('error', toStatus(error))
  }
}
