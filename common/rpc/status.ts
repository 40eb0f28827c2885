/**
 * LossmithError over gRPC and back. Kind and code travel as metadata beside the status, so that both sides speak of the same error;
 * a status without them (a foreign server, a broken connection) is judged by its number.
 */
import { Metadata, type ServiceError, type StatusObject, status } from '@grpc/grpc-js'
import { type ErrorKind, LossmithError } from '../errors.js'

const kindKey = 'lossmith-kind'
const codeKey = 'lossmith-code'

const statusOf: Record<ErrorKind, status> = {
  config: status.INVALID_ARGUMENT,
  refused: status.FAILED_PRECONDITION,
  transient: status.UNAVAILABLE,
  broken: status.INTERNAL,
}

/**
 * What a handler gives to its callback, or to `call.emit('error', …)` of a stream (never `call.destroy`: that sends no status and the
 * client waits for its deadline). Pass `code` where the contract names a status, as NOT_FOUND of Heartbeat.
 */
export function toStatus(error: unknown, code?: status): Error & StatusObject {
  const { kind, code: name, message } = asLossmithError(error)
  const metadata = new Metadata()
  metadata.set(kindKey, kind)
  metadata.set(codeKey, name)
  // gRPC carries the text in a header: line ends survive percent-encoding, but a header has a size.
  const details = message.length > maxDetails ? `${message.slice(0, maxDetails)} …` : message
  return Object.assign(new Error(details), { code: code ?? statusOf[kind], details, metadata })
}

/** `what` names the call and the other side: "Join at 10.0.0.1:7070". */
export function fromStatus(error: ServiceError, what: string): LossmithError {
  const kind = error.metadata?.get(kindKey)[0]
  const code = error.metadata?.get(codeKey)[0]
  const options = { cause: error }
  if (isKind(kind) && typeof code === 'string') return new LossmithError(kind, code, error.details, options)
  const message = `[${what}] ${status[error.code] ?? 'error'}: ${saidBy(error)}`
  switch (error.code) {
    case status.DEADLINE_EXCEEDED:
      return new LossmithError('transient', 'rpc-timeout', message, options)
    case status.UNAVAILABLE:
      return tlsRefusal(error, what) ?? new LossmithError('transient', 'rpc-unavailable', message, options)
    case status.ABORTED:
    case status.RESOURCE_EXHAUSTED:
      return new LossmithError('transient', 'rpc-unavailable', message, options)
    case status.CANCELLED:
      return new LossmithError('transient', 'rpc-cancelled', message, options)
    case status.UNAUTHENTICATED:
      return new LossmithError('refused', 'token-wrong', message, options)
    case status.NOT_FOUND:
    case status.FAILED_PRECONDITION:
    case status.PERMISSION_DENIED:
      return new LossmithError('refused', 'rpc-refused', message, options)
    default:
      return new LossmithError('broken', 'rpc-failed', message, options)
  }
}

/** Without what gRPC wraps around the error of a socket. */
function saidBy({ details, message }: ServiceError): string {
  return /Last error: (?:Error: )?([\s\S]*?)\.?\s*Resolution note/.exec(details)?.[1] || details || message
}

/** What no later try will mend, from OpenSSL's words inside of gRPC's. */
function tlsRefusal(error: ServiceError, what: string): LossmithError | undefined {
  const said = saidBy(error)
  const refuse = (code: string, message: string) => new LossmithError('refused', code, `[${what}] ${message}`, { cause: error })
  if (/certificate has expired|certificate is not yet valid/i.test(said))
    return refuse('certificate-expired', `wanted a certificate that is valid now, ${new Date().toISOString()}, got: ${said}`)
  if (/altnames/i.test(said)) return refuse('tls-refused', `wanted a certificate that names this address, got: ${said}`)
  if (/certificate/i.test(said)) return refuse('tls-refused', `wanted a certificate of an authority that is known here (--tls-ca FILE), got: ${said}`)
  if (/EPROTO|SSL routines/i.test(said)) return refuse('tls-refused', `wanted a server that speaks TLS, got one that does not: ${said.trim()}`)
  return undefined
}

export function asLossmithError(error: unknown): LossmithError {
  if (error instanceof LossmithError) return error
  const message = error instanceof Error ? error.message : String(error)
  // The addon's errors are plain Errors that carry kind and code.
  const { kind, code } = (error ?? {}) as { kind?: unknown; code?: unknown }
  if (isKind(kind) && typeof code === 'string') return new LossmithError(kind, code, message, { cause: error })
  return new LossmithError('broken', 'unexpected', message, { cause: error })
}

const maxDetails = 4000
const isKind = (kind: unknown): kind is ErrorKind => typeof kind === 'string' && kind in statusOf
