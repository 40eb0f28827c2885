/**
 * Who may talk to whom. Loopback: anybody on this machine. Any other address: TLS, by which clients know the server, and a token, by which the
 * server knows its clients; or an explicit --insecure, on both sides. SECURITY.md says what that does and does not protect.
 */
import { type ChannelCredentials, credentials, ServerCredentials } from '@grpc/grpc-js'
import { configError } from '../errors.js'
import { readPem, readTlsFiles, type TlsFiles } from './tls-files.js'
import { checkToken, howToMakeToken, tokenVariable } from './token.js'

/** How to reach a server. */
export interface ConnectOptions {
  /** host:port */
  address: string
  /** Allows an address beyond loopback in clear text. */
  insecure?: boolean
  /** Speaks TLS; `ca`: PEM file of the authority, else those of the system. */
  tls?: { ca?: string } | undefined
  /** Shown in every call. */
  token?: string | undefined
}

/** Where to serve, and for whom. */
export interface ListenOptions {
  /** host:port; port 0: any */
  address: string
  /** Allows an address beyond loopback in clear text and without a token. */
  insecure: boolean
  tls?: TlsFiles | undefined
  /** Asked for in every call, on loopback too. */
  token?: string | undefined
}

/** @throws config `address-invalid`, `insecure-address`, `tls-file`, `token-invalid` */
export function clientCredentials({ address, insecure = false, tls, token }: ConnectOptions): ChannelCredentials {
  if (token !== undefined) checkToken(token, 'the token')
  const { host } = parseAddress(address)
  if (tls) return credentials.createSsl(tls.ca ? readPem(tls.ca) : null)
  if (!insecure && !isLoopback(host)) throw clearText('connect to', address)
  return credentials.createInsecure()
}

/** @throws config `tls-file`, `certificate-expired`, and what `checkListener` throws */
export function serverCredentials(options: ListenOptions): ServerCredentials {
  checkListener(options)
  if (!options.tls) return ServerCredentials.createInsecure()
  const { cert, key } = readTlsFiles(options.tls)
  return ServerCredentials.createSsl(null, [{ cert_chain: cert, private_key: key }])
}

/** The rule for every listener, gRPC or HTTP. @throws config `address-invalid`, `insecure-address`, `token-missing`, `token-invalid` */
export function checkListener({ address, insecure, tls, token }: ListenOptions): void {
  const { host } = parseAddress(address)
  if (token !== undefined) checkToken(token, 'the token')
  if (isLoopback(host) || insecure) return
  if (!tls) throw clearText('listen on', address)
  if (token !== undefined) return
  throw configError(
    'token-missing',
    `[token] will not listen on ${address} without a token: wanted --token-file FILE or ${tokenVariable} (${howToMakeToken}), or --insecure on a private network`,
  )
}

/** "host:port" or "[v6]:port" in parts. @throws config `address-invalid` */
export function parseAddress(address: string): { host: string; port: number } {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(address)
  const port = Number(match?.[3])
  if (!match || port > 65535) throw configError('address-invalid', `[address] wanted host:port, got "${address}"`)
  return { host: (match[1] ?? match[2])!, port }
}

/** By which a listener is reached from its own machine: one that listens everywhere by a name, which a certificate can have. */
export function addressHere(address: string): string {
  return address.replace(/^(?:0\.0\.0\.0|\[::\]):/, 'localhost:')
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host)
}

function clearText(verb: string, address: string) {
  return configError(
    'insecure-address',
    `[address] will not ${verb} ${address} in clear text: wanted a loopback address, TLS (--tls-…), or --insecure on a private network`,
  )
}
