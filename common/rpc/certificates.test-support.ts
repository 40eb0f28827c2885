/** Certificates for tests, made by openssl (3.0 suffices): each its own authority, of any dates. */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TlsFiles } from './tls-files.js'

/** Why tests that need certificates are skipped; false: they are not. */
export const noOpenssl: false | string = spawnSync('openssl', ['version']).status === 0 ? false : 'no openssl here to make a certificate with'

const dayMs = 86_400_000
/** By default from yesterday until tomorrow, for localhost and 127.0.0.1. */
export function makeCertificate(folder: string, name: string, how: { from?: Date; to?: Date; names?: string } = {}): TlsFiles {
  const { from = new Date(Date.now() - dayMs), to = new Date(Date.now() + dayMs), names = 'DNS:localhost, IP:127.0.0.1' } = how
  const home = join(folder, name)
  mkdirSync(home)
  // Of openssl's commands only `ca` takes dates, and it wants a small database.
  writeFileSync(join(home, 'index.txt'), '')
  writeFileSync(join(home, 'ca.cnf'), configuration(names))
  const run = (...words: string[]) => execFileSync('openssl', words, { cwd: home, stdio: ['ignore', 'ignore', 'pipe'], timeout: 20_000 })
  run('req', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=lossmith', '-keyout', 'key.pem', '-out', 'request.pem')
  const validity = ['-startdate', asn1(from), '-enddate', asn1(to)]
  const files = ['-config', 'ca.cnf', '-keyfile', 'key.pem', '-in', 'request.pem', '-out', 'cert.pem']
  run('ca', '-batch', '-selfsign', '-notext', '-extensions', 'names', ...files, ...validity)
  return { cert: join(home, 'cert.pem'), key: join(home, 'key.pem') }
}

/** 20261121183000Z */
const asn1 = (date: Date) => `${date.toISOString().replace(/\D/g, '').slice(0, 14)}Z`

const configuration = (names: string) => `
[ca]
default_ca = own
[own]
database = index.txt
new_certs_dir = .
default_md = sha256
policy = any
rand_serial = yes
[any]
commonName = supplied
[names]
subjectAltName = ${names}
`
