/**
 * The certificate and key that a server shows, for gRPC and HTTPS alike. Dates and key are checked here, at start: otherwise each client
 * would find out by itself, in the words of OpenSSL.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { configError } from '../errors.js'

/** PEM files; `cert` may be a chain, the server's own certificate first. */
export interface TlsFiles {
  cert: string
  key: string
}

/** @throws config `tls-file`, `certificate-expired` */
export function readTlsFiles({ cert, key }: TlsFiles, now = new Date()): { cert: Buffer; key: Buffer } {
  const files = { cert: readPem(cert), key: readPem(key) }
  const chain = parse(cert, () => certificatesIn(files.cert))
  const own = parse(key, () => createPrivateKey(files.key))
  if (chain.length === 0) throw configError('tls-file', `[tls] wanted a certificate in ${cert}, got none`)
  if (!chain[0]!.checkPrivateKey(own)) throw configError('tls-file', `[tls] wanted the key of the certificate ${cert}, got another one in ${key}`)
  for (const { subject, validFrom, validTo } of chain) {
    if (now >= new Date(validFrom) && now <= new Date(validTo)) continue
    const name = subject?.replaceAll('\n', ', ') ?? 'a certificate'
    throw configError(
      'certificate-expired',
      `[tls] wanted a certificate that is valid now (${now.toISOString()}), got ${name} in ${cert}: valid from ${validFrom} to ${validTo}`,
    )
  }
  return files
}

/** @throws config `tls-file` */
export function readPem(path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (error) {
    throw configError('tls-file', `[tls] wanted a readable PEM file, got ${path}: ${(error as Error).message}`)
  }
}

function certificatesIn(pem: Buffer): X509Certificate[] {
  const parts = pem.toString('latin1').match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? []
  return parts.map((part) => new X509Certificate(part))
}

/** OpenSSL names neither the file nor, for keys with a passphrase, what it would want. */
function parse<T>(path: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw configError('tls-file', `[tls] wanted a PEM file without passphrase, got ${path}: ${(error as Error).message}`)
  }
}
