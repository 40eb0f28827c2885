/** Calls with a deadline, as promises that reject with LossmithError. Nothing in this project calls a stub without one of these. */
import type { CallOptions, ClientWritableStream, ServiceError } from '@grpc/grpc-js'
import { LossmithError } from '../errors.js'
import { fromStatus } from './status.js'

export interface CallLimits {
  /** Infinity: none. Else below 2^31, 24 days: gRPC's server takes longer ones for others, some for no time at all. */
  timeoutMs: number
  /** Cancels the call: it rejects with `rpc-cancelled`. */
  signal?: AbortSignal | undefined
  /** Names the call and the other side in errors. */
  what: string
}

type Callback<Reply> = (error: ServiceError | null, reply?: Reply) => void

/** `unary((options, done) => client.join(request, options, done), { … })` */
export function unary<Reply>(start: (options: CallOptions, done: Callback<Reply>) => { cancel(): void }, limits: CallLimits): Promise<Reply> {
  return new Promise((resolve, reject) => {
    if (limits.signal?.aborted) return reject(cancelled(limits.what))
    const cancel = () => call.cancel()
    const call = start(callOptions(limits), (error, reply) => {
      limits.signal?.removeEventListener('abort', cancel)
      if (error) reject(fromStatus(error, limits.what))
      else resolve(reply as Reply)
    })
    limits.signal?.addEventListener('abort', cancel, { once: true })
  })
}

/** Streams messages up and waits for the reply; a message is made only when the one before it has left (backpressure). */
export async function upload<Message, Reply>(
  start: (options: CallOptions, done: Callback<Reply>) => ClientWritableStream<Message>,
  messages: AsyncIterable<Message>,
  limits: CallLimits,
): Promise<Reply> {
  let stream: ClientWritableStream<Message> | undefined
  let ended = false
  let wake = () => {}
  const reply = unary<Reply>((options, done) => {
    stream = start(options, (error, value) => {
      ended = true
      wake()
      done(error, value)
    })
    // The status arrives in the callback; without a listener the stream's own error would be unhandled.
    stream.on('error', () => {})
    stream.on('drain', () => wake())
    return stream
  }, limits)
  reply.catch(() => {}) // awaited below, after the messages
  try {
    for await (const message of messages) {
      if (ended || !stream) break
      if (!stream.write(message)) await new Promise<void>((resolve) => (wake = resolve))
    }
    if (!ended) stream?.end()
  } catch (error) {
    stream?.cancel()
    throw error
  }
  return await reply
}

/** Messages of a server's stream, as fast as they are taken. */
export async function* download<Message>(
  start: (options: CallOptions) => AsyncIterable<Message> & { cancel(): void },
  limits: CallLimits,
): AsyncGenerator<Message> {
  if (limits.signal?.aborted) throw cancelled(limits.what)
  const stream = start(callOptions(limits))
  const cancel = () => stream.cancel()
  limits.signal?.addEventListener('abort', cancel, { once: true })
  try {
    yield* stream
  } catch (error) {
    throw error instanceof LossmithError ? error : fromStatus(error as ServiceError, limits.what)
  } finally {
    limits.signal?.removeEventListener('abort', cancel)
    stream.cancel()
  }
}

const callOptions = ({ timeoutMs }: CallLimits): CallOptions => ({ deadline: Date.now() + timeoutMs })

const cancelled = (what: string) => new LossmithError('transient', 'rpc-cancelled', `[${what}] cancelled before it began`)
