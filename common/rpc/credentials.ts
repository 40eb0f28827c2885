/**
 * Who may talk in clear text: loopback always, any other address only with TLS or an explicit --insecure, on both sides.
 * TLS here authenticates the server; SECURITY.md says what that does and does not protect.
 */
import { readFileSync } from 'node:fs'
import { type ChannelCredentials, credentials, ServerCredentials } from '@grpc/grpc-js'
import { configError } from '../errors.js'

/** @throws config `address-invalid`, `insecure-address`, `tls-file` */
export function clientCredentials(options: { address: string; insecure: boolean; tls?: { ca?: string } | undefined }): ChannelCredentials {
  if (options.tls) return credentials.createSsl(options.tls.ca ? readPem(options.tls.ca) : null)
  requireSafe('connect to', options.address, options.insecure)
  return credentials.createInsecure()
}

/** @throws config `address-invalid`, `insecure-address`, `tls-file` */
export function serverCredentials(options: {
  address: string
  insecure: boolean
  tls?: { cert: string; key: string } | undefined
}): ServerCredentials {
  if (options.tls) return ServerCredentials.createSsl(null, [{ cert_chain: readPem(options.tls.cert), private_key: readPem(options.tls.key) }])
  requireSafe('listen on', options.address, options.insecure)
  return ServerCredentials.createInsecure()
}

/** "host:port" or "[v6]:port" in parts. @throws config `address-invalid` */
export function parseAddress(address: string): { host: string; port: number } {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(address)
  const port = Number(match?.[3])
  if (!match || port > 65535) throw configError('address-invalid', `[address] wanted host:port, got "${address}"`)
  return { host: (match[1] ?? match[2])!, port }
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host)
}

function requireSafe(verb: string, address: string, insecure: boolean): void {
  const { host } = parseAddress(address)
  if (isLoopback(host) || insecure) return
  throw configError(
    'insecure-address',
    `[address] will not ${verb} ${address} in clear text: wanted a loopback address, TLS (--tls-…), or --insecure on a private network`,
  )
}

function readPem(path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (error) {
    throw configError('tls-file', `[tls] wanted a readable PEM file, got ${path}: ${(error as Error).message}`)
  }
}
