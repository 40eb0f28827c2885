/** The commands of docs/cluster.md with TLS: a run between processes that know the coordinator by its certificate, and one that does not. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, test } from 'node:test'
import { checkpointsOf } from './support/checkpoints.js'
import { Processes } from './support/processes.js'
import { writeJob, writeLog } from './support/small-job.js'

const processes = new Processes()
const skip = spawnSync('openssl', ['version']).status === 0 ? false : 'no openssl here to make a certificate with'
let folder: string
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'lossmith-tls-'))
})
afterEach(() => processes.allGone())
after(() => rmSync(folder, { recursive: true }))

function certificate(name: string): { cert: string; key: string } {
  const [cert, key] = [join(folder, `${name}.pem`), join(folder, `${name}-key.pem`)] as const
  const words = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=lossmith', '-addext', 'subjectAltName=DNS:localhost']
  const made = spawnSync('openssl', [...words, '-keyout', key, '-out', cert], { encoding: 'utf8', timeout: 20_000 })
  assert.equal(made.status, 0, made.stderr)
  return { cert, key }
}

test('two workers train over TLS; one that trusts another authority does not get in', { skip }, async () => {
  const { cert, key } = certificate('own')
  const job = writeJob(folder, await writeLog(folder, 2003), { train: { epochs: 1 } })
  const run = join(folder, 'run')
  const words = [job, '--run', run, '--workers', '2', '--listen', 'localhost:0', '--tls-cert', cert, '--tls-key', key, '--json']
  const coordinator = processes.start(['coordinator', ...words])
  const [, address] = await coordinator.says(/"address":"([^"]+)"/)
  const worker = (...more: string[]) => processes.start(['worker', '--coordinator', address!, '--threads', '1', ...more])
  const stranger = await worker('--name', 'stranger', '--tls-ca', certificate('other').cert).ended
  assert.equal(stranger.code, 3, stranger.stderr)
  assert.match(stranger.stderr, /certificate.*\[tls-refused\]/)
  for (const { ended } of [worker('--name', 'a', '--tls-ca', cert), worker('--name', 'b', '--tls-ca', cert)]) {
    const { code, stderr } = await ended
    assert.equal(code, 0, stderr)
  }
  const { code, stderr } = await coordinator.ended
  assert.equal(code, 0, stderr)
  assert.equal(checkpointsOf(run).length, 1)
})
