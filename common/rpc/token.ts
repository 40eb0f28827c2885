/**
 * The token of a run: whoever shows it is obeyed, as `authorization: Bearer …` of every call and of every HTTP request. Compared by hashes in
 * constant time. It never stands in an error, a log line or an argument of a process.
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { InterceptingCall, type Interceptor, ServerInterceptingCall, type ServerInterceptor, status } from '@grpc/grpc-js'
import { configError, type LossmithError, refusedError } from '../errors.js'
import { keepSecret } from '../log.js'
import { toStatus } from './status.js'

/** The environment variable that holds the token where no file does. */
export const tokenVariable = 'LOSSMITH_TOKEN'
export const howToMakeToken = 'make one: openssl rand -hex 32 > token; chmod 600 token'
const leastLength = 16
/** Probes of a scheduler ask for health: they have no token, and learn nothing but whether the run serves. */
const openService = '/grpc.health.v1.Health/'

/** `from` names its source: a file, a variable. @throws config `token-invalid` */
export function checkToken(token: string, from: string): string {
  const got =
    token === '' ? 'an empty one' : token.length < leastLength ? `${token.length} characters` : /^[\x21-\x7e]+$/.test(token) ? '' : 'other characters'
  keepSecret(token)
  if (got === '') return token
  throw configError('token-invalid', `[token] wanted at least ${leastLength} visible ASCII characters in ${from}, got ${got}; ${howToMakeToken}`)
}

/** The first line, without blanks around it; `warning` when others on this machine may read it. @throws config `token-invalid` */
export function readTokenFile(path: string): { token: string; warning?: string } {
  try {
    const text = readFileSync(path, 'utf8')
    const { mode } = statSync(path)
    const token = checkToken(text.split('\n')[0]!.trim(), path)
    if ((mode & 0o077) === 0) return { token }
    return { token, warning: `others may read the token in ${path} (mode ${(mode & 0o777).toString(8)}): chmod 600 ${path}` }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error
    throw configError('token-invalid', `[token] wanted a readable file, got ${path}: ${(error as Error).message}; ${howToMakeToken}`)
  }
}

/** Whether the header `authorization` of a request shows `token`. */
export function checkBearer(header: string | undefined, token: string): boolean {
  const shown = /^Bearer +(\S+) *$/i.exec(header ?? '')
  return timingSafeEqual(hash(shown?.[1] ?? ''), hash(token)) && shown !== null
}

/** Shows the token in every call. */
export function showToken(token: string): Interceptor {
  return (options, next) =>
    new InterceptingCall(next(options), {
      start: (metadata, listener, start) => {
        metadata.set('authorization', `Bearer ${token}`)
        start(metadata, listener)
      },
    })
}

/** Who called, as host:port, and why in vain. */
export type OnRefused = (peer: string, error: LossmithError) => void

/** Answers a call without the token, before its first message is read, with UNAUTHENTICATED: refused `token-missing`, `token-wrong`. */
export function askForToken(token: string, onRefused?: OnRefused): ServerInterceptor {
  return ({ path }, call) =>
    new ServerInterceptingCall(call, {
      start: (start) =>
        start({
          onReceiveMetadata: (metadata, next) => {
            const header = metadata.get('authorization')[0]?.toString()
            if (path.startsWith(openService) || checkBearer(header, token)) return next(metadata)
            const error = refusal(header)
            onRefused?.(call.getPeer(), error)
            call.sendStatus(toStatus(error, status.UNAUTHENTICATED))
          },
        }),
    })
}

function refusal(header: string | undefined) {
  const how = `as it was given to the coordinator: --token-file FILE, or ${tokenVariable} in the environment`
  if (header === undefined) return refusedError('token-missing', `[token] the coordinator wants a token, got none; wanted it ${how}`)
  return refusedError('token-wrong', `[token] the coordinator wants its token, got another one; wanted it ${how}`)
}

const hash = (text: string) => createHash('sha256').update(text).digest()
