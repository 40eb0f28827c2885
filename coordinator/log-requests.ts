/**
 * Who asked what of a run: an interceptor that logs the calls of monitors with the address they come from, and every call that is refused.
 * Reads that repeat (Describe, Progress) are debug lines, requests that change the run are info. What a request carries is of the contract
 * (reasons, lanes); metadata, where tokens travel, is never logged.
 */
import { ServerInterceptingCall, type ServerInterceptor, ServerListenerBuilder, status } from '@grpc/grpc-js'
import type { Log } from '../common/log.js'

const repeated = new Set(['Describe', 'Progress', 'Heartbeat', 'NextTask'])

/** A run that is over refuses all calls of its workers, and a caller without the token may ask for ever: each is told once, by an event of the run. */
const quiet = (call: string, code: status) => repeated.has(call) || code === status.UNAUTHENTICATED

export function logRequests(log: Log): ServerInterceptor {
  return ({ path }, call) => {
    const [, service, name = ''] = path.split('/')
    const monitor = service === 'lossmith.v1.Monitor'
    const facts = { event: 'request', call: name, peer: call.getPeer() }
    const listener = new ServerListenerBuilder()
      .withOnReceiveMessage((message: object, next) => {
        log[repeated.has(name) ? 'debug' : 'info'](`${name} asked by ${facts.peer}`, { ...facts, request: message })
        next(message)
      })
      .build()
    return new ServerInterceptingCall(call, {
      start: (next) => (monitor ? next(listener) : next()),
      sendStatus: (outcome, next) => {
        const { code, details } = outcome
        if (code !== status.OK && code !== status.CANCELLED)
          log[quiet(name, code) ? 'debug' : 'warn'](`${name} refused: ${details}`, { ...facts, code: status[code] })
        next(outcome)
      },
    })
  }
}
