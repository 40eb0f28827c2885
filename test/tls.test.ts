/**
 * The commands of docs/cluster.md with TLS and a token: a run beyond loopback between processes that know the coordinator by its certificate
 * and are known to it by the token; everybody else is refused on both services, at once and with the reason. The token stays a secret.
 */
import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, test } from 'node:test'
import { Server, ServerCredentials } from '@grpc/grpc-js'
import { unary } from '../common/rpc/call.js'
import { makeCertificate, noOpenssl } from '../common/rpc/certificates.test-support.js'
import { channelOptions, serverOptions } from '../common/rpc/channel-options.js'
import { type ConnectOptions, clientCredentials } from '../common/rpc/credentials.js'
import type { TlsFiles } from '../common/rpc/tls-files.js'
import { connectMonitor } from '../coordinator/monitor/monitor-client.js'
import { contracts } from '../proto/load.js'
import { checkpointsOf } from './support/checkpoints.js'
import { Processes } from './support/processes.js'
import { writeJob, writeLog } from './support/small-job.js'

const processes = new Processes()
const skip = noOpenssl
const token = 'c0ffee'.repeat(8)
const otherToken = 'decade'.repeat(8)
let folder: string
let job: string
let own: TlsFiles
let stranger: TlsFiles
let tokenFile: string
let otherFile: string
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'lossmith-tls-'))
  if (skip) return
  job = writeJob(folder, await writeLog(folder, 2003), { train: { epochs: 1 } })
  own = makeCertificate(folder, 'own')
  stranger = makeCertificate(folder, 'stranger')
  tokenFile = writeToken('token', token)
  otherFile = writeToken('other-token', otherToken)
})
afterEach(() => processes.allGone())
after(() => rmSync(folder, { recursive: true }))

function writeToken(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, `${text}\n`)
  chmodSync(path, 0o600)
  return path
}

const worker = (address: string, words: string[], env: Record<string, string> = {}) =>
  processes.start(['worker', '--coordinator', address, '--threads', '1', ...words], { env })

/** What a monitor is told. */
async function describe(options: ConnectOptions) {
  const monitor = connectMonitor(options)
  try {
    return await monitor.describe()
  } finally {
    monitor.close()
  }
}

test('two workers train beyond loopback with TLS and a token; everybody else is refused by both services', { skip }, async () => {
  const run = join(folder, 'run')
  const listen = ['--listen', '0.0.0.0:0', '--tls-cert', own.cert, '--tls-key', own.key, '--token-file', tokenFile]
  const coordinator = processes.start(['coordinator', job, '--run', run, '--workers', '2', ...listen, '--json'])
  const [, port] = await coordinator.says(/"address":"0\.0\.0\.0:(\d+)"/)
  const address = `localhost:${port}`
  const tls = { ca: own.cert }
  assert.equal((await describe({ address, tls, token })).phase, 'joining')

  const refused: [code: string, words: string[], options: Partial<ConnectOptions>][] = [
    ['token-missing', ['--tls-ca', own.cert], { tls }],
    ['token-wrong', ['--tls-ca', own.cert, '--token-file', otherFile], { tls, token: otherToken }],
    ['tls-refused', ['--token-file', tokenFile], { token }],
    ['tls-refused', ['--tls-ca', stranger.cert, '--token-file', tokenFile], { tls: { ca: stranger.cert }, token }],
    ['tls-refused', ['--tls', '--token-file', tokenFile], { tls: {}, token }],
  ]
  for (const [code, words, options] of refused) {
    await assert.rejects(describe({ address, ...options }), { kind: 'refused', code })
    const ended = await worker(address, words).ended
    assert.equal(ended.code, 3, ended.stderr)
    assert.match(ended.stderr, new RegExp(`\\[${code}\\]`))
    assert.ok(!ended.stderr.includes(token) && !ended.stderr.includes(otherToken), ended.stderr)
  }
  await onlyHealthIsOpen({ address, tls })
  await coordinator.says(/calls of \S*(?:127\.0\.0\.1|::1)\S* are refused: they show no token/)

  const workers = [
    worker(address, ['--name', 'a', '--tls-ca', own.cert, '--token-file', tokenFile]),
    worker(`127.0.0.1:${port}`, ['--name', 'b', '--tls-ca', own.cert], { LOSSMITH_TOKEN: token }),
  ]
  for (const { ended } of [...workers, coordinator]) {
    const { code, stderr, stdout } = await ended
    assert.equal(code, 0, stderr)
    assert.ok(!stderr.includes(token) && !stdout.includes(token), 'the token stays unsaid')
    assert.doesNotMatch(stderr, /DeprecationWarning/)
  }
  assert.equal(checkpointsOf(run).length, 1)
})

/** Without a token: reflection refused, health answered. */
async function onlyHealthIsOpen(options: ConnectOptions): Promise<void> {
  const raw = (bytes: Buffer) => bytes
  const client = new contracts.lossmith.v1.Monitor(options.address, clientCredentials(options), channelOptions(options))
  const limits = { timeoutMs: 5000, what: 'Call at test' }
  try {
    const check = '/grpc.health.v1.Health/Check'
    const health = unary<Buffer>((call, done) => client.makeUnaryRequest(check, raw, raw, Buffer.alloc(0), call, done), limits)
    assert.deepEqual([...(await health)], [8, 1], 'SERVING')
    const reflection = client.makeBidiStreamRequest('/grpc.reflection.v1.ServerReflection/ServerReflectionInfo', raw, raw, {})
    await assert.rejects(new Promise((resolve, reject) => reflection.on('data', resolve).on('error', reject)), /UNAUTHENTICATED/)
  } finally {
    client.close()
  }
}

test('a coordinator does not start with an expired certificate, another key, no token or a short one', { skip }, async () => {
  const past = { from: new Date('2020-01-01'), to: new Date('2020-01-02') }
  const expired = makeCertificate(folder, 'expired', past)
  const short = writeToken('short', 'secret')
  const refused: [code: string, says: RegExp, words: string[]][] = [
    ['certificate-expired', /Jan {2}2 00:00:00 2020/, ['--tls-cert', expired.cert, '--tls-key', expired.key, '--token-file', tokenFile]],
    ['tls-file', /another one in/, ['--tls-cert', own.cert, '--tls-key', stranger.key, '--token-file', tokenFile]],
    ['token-missing', /0\.0\.0\.0:0.*openssl rand -hex 32/, ['--tls-cert', own.cert, '--tls-key', own.key]],
    ['token-invalid', /got 6 characters/, ['--insecure', '--token-file', short]],
    ['insecure-address', /clear text/, ['--token-file', tokenFile]],
  ]
  for (const [code, says, words] of refused) {
    const run = join(folder, `refused-${code}`)
    const ended = await processes.start(['coordinator', job, '--run', run, '--listen', '0.0.0.0:0', ...words]).ended
    assert.equal(ended.code, 2, ended.stderr)
    assert.match(ended.stderr, says)
    assert.match(ended.stderr, new RegExp(`\\[${code}\\]`))
    assert.ok(!ended.stderr.includes(token) && !ended.stderr.includes('secret'))
  }
})

test('worker and monitor refuse a coordinator whose certificate has expired', { skip }, async (t) => {
  const { cert, key } = makeCertificate(folder, 'ran-out', { from: new Date('2020-01-01'), to: new Date('2020-01-02') })
  const server = new Server(serverOptions())
  t.after(() => server.forceShutdown())
  const pair = { cert_chain: readFileSync(cert), private_key: readFileSync(key) }
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('localhost:0', ServerCredentials.createSsl(null, [pair]), (error, bound) => (error ? reject(error) : resolve(bound))),
  )
  const address = `localhost:${port}`
  await assert.rejects(describe({ address, tls: { ca: cert }, token }), { kind: 'refused', code: 'certificate-expired' })
  const { code, stderr } = await worker(address, ['--tls-ca', cert, '--token-file', tokenFile]).ended
  assert.equal(code, 3, stderr)
  assert.match(stderr, /\[certificate-expired\]/)
})

test('train hands the token to its workers, and it stands nowhere that others read', { skip }, async () => {
  const run = join(folder, 'secret')
  const loose = writeToken('loose', token)
  chmodSync(loose, 0o644)
  const listen = ['--listen', '0.0.0.0:0', '--tls-cert', own.cert, '--tls-key', own.key, '--tls-ca', own.cert, '--token-file', loose]
  const train = processes.start(['train', job, '--run', run, '--workers', '2', '--threads', '1', ...listen, '--json'], {
    env: { LOSSMITH_DEBUG: '1' },
  })
  await train.says(/mode 644/)
  await train.says(/"phase":"training"/)
  const commands = commandLines()
  const workers = commands.filter((command) => command.includes('--parent-pid') && command.includes(String(train.pid)))
  assert.equal(workers.length, 2, 'the workers are seen here')
  assert.deepEqual(
    commands.filter((command) => command.includes(token)),
    [],
  )
  const { code, stderr, stdout } = await train.ended
  assert.equal(code, 0, stderr)
  assert.ok(!stderr.includes(token) && !stdout.includes(token), 'neither in logs nor in the result')
  const files = readdirSync(run, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  assert.ok(files.length > 5)
  for (const { name, parentPath } of files) assert.ok(!readFileSync(join(parentPath, name)).includes(token), name)
})

/** Of all processes of this machine. */
function commandLines(): string[] {
  return readdirSync('/proc').flatMap((entry) => {
    if (!/^\d+$/.test(entry)) return []
    try {
      return [readFileSync(`/proc/${entry}/cmdline`, 'latin1').replaceAll('\0', ' ')]
    } catch {
      return [] // ended meanwhile
    }
  })
}
