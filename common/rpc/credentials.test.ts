/** TLS as the command line offers it: a server with its own certificate, and clients that it or they refuse, each told why at once. */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { Client, Server, ServerCredentials } from '@grpc/grpc-js'
import { unary } from './call.js'
import { makeCertificate, noOpenssl } from './certificates.test-support.js'
import { channelOptions, serverOptions } from './channel-options.js'
import { addressHere, type ConnectOptions, checkListener, clientCredentials, isLoopback, parseAddress, serverCredentials } from './credentials.js'
import { explainHangUp } from './speaks-tls.js'
import { readTlsFiles } from './tls-files.js'

const token = 'f00d'.repeat(16)
const skip = noOpenssl
let folder: string
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'lossmith-tls-'))
})
after(() => rmSync(folder, { recursive: true }))

test('clear text beyond loopback needs --insecure on both sides', () => {
  for (const open of [clientCredentials, serverCredentials]) {
    assert.throws(() => open({ address: '10.1.2.3:7070', insecure: false }), {
      kind: 'config',
      code: 'insecure-address',
      message: /10\.1\.2\.3:7070/,
    })
    open({ address: '10.1.2.3:7070', insecure: true })
    open({ address: '[::1]:7070', insecure: false })
    assert.throws(() => open({ address: 'here', insecure: true }), { code: 'address-invalid' })
    assert.throws(() => open({ address: '127.0.0.1:1', insecure: true, token: 'short' }), { code: 'token-invalid' })
  }
  assert.deepEqual(parseAddress('[fe80::1]:80'), { host: 'fe80::1', port: 80 })
  assert.equal(isLoopback('0.0.0.0'), false)
  assert.deepEqual(['0.0.0.0:1', '[::]:1', '10.0.0.0:1'].map(addressHere), ['localhost:1', 'localhost:1', '10.0.0.0:1'])
  assert.throws(() => clientCredentials({ address: '10.1.2.3:1', insecure: false, tls: { ca: '/nowhere.pem' } }), {
    kind: 'config',
    code: 'tls-file',
  })
})

test('a listener beyond loopback wants TLS and a token, or --insecure', () => {
  const tls = { cert: 'cert.pem', key: 'key.pem' }
  const everywhere = { address: '0.0.0.0:7070', insecure: false }
  assert.throws(() => checkListener({ ...everywhere, token }), { code: 'insecure-address' })
  assert.throws(() => checkListener({ ...everywhere, tls }), {
    kind: 'config',
    code: 'token-missing',
    message: /0\.0\.0\.0:7070.*openssl rand -hex 32/,
  })
  checkListener({ ...everywhere, tls, token })
  checkListener({ ...everywhere, tls, insecure: true })
  checkListener({ ...everywhere, insecure: true })
  checkListener({ address: '127.0.0.1:0', insecure: false, tls })
})

test('certificate and key are checked before anything listens', { skip }, () => {
  const good = makeCertificate(folder, 'checked')
  const other = makeCertificate(folder, 'other-key')
  assert.deepEqual(readTlsFiles(good), { cert: readFileSync(good.cert), key: readFileSync(good.key) })
  assert.throws(() => readTlsFiles({ cert: good.cert, key: other.key }), { code: 'tls-file', message: /key of the certificate.*other-key/ })
  assert.throws(() => readTlsFiles({ cert: good.key, key: good.key }), { code: 'tls-file', message: /wanted a certificate/ })
  assert.throws(() => readTlsFiles({ cert: good.cert, key: good.cert }), { code: 'tls-file', message: /without passphrase/ })
  assert.throws(() => readTlsFiles({ cert: good.cert, key: '/nowhere.pem' }), { code: 'tls-file', message: /nowhere/ })

  const past = makeCertificate(folder, 'past', { from: new Date('2020-01-01'), to: new Date('2020-01-02') })
  const future = makeCertificate(folder, 'future', { from: new Date('2049-01-01'), to: new Date('2049-01-02') })
  assert.throws(() => readTlsFiles(past), {
    kind: 'config',
    code: 'certificate-expired',
    message: /CN=lossmith.*past.*Jan {2}1.*2020.*Jan {2}2.*2020/,
  })
  assert.throws(() => readTlsFiles(future), { code: 'certificate-expired', message: /Jan {2}1.*2049/ })
  readTlsFiles(past, new Date('2020-01-01T12:00:00Z'))

  const chain = join(folder, 'chain.pem')
  writeFileSync(chain, Buffer.concat([readFileSync(good.cert), readFileSync(past.cert)]))
  assert.throws(() => readTlsFiles({ cert: chain, key: good.key }), { code: 'certificate-expired' })
})

const raw = (bytes: Buffer) => bytes
const echo = {
  ...{ path: '/test.Tls/Echo', requestStream: false, responseStream: false },
  ...{ requestSerialize: raw, requestDeserialize: raw, responseSerialize: raw, responseDeserialize: raw },
}

async function serve(t: { after(end: () => void): void }, credentials: ServerCredentials, host = 'localhost'): Promise<string> {
  const server = new Server(serverOptions(token))
  t.after(() => server.forceShutdown())
  server.addService({ echo }, { echo: (call: { request: Buffer }, done: (error: null, reply: Buffer) => void) => done(null, call.request) })
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync(`${host}:0`, credentials, (error, bound) => (error ? reject(error) : resolve(bound))),
  )
  return `${host}:${port}`
}

async function ask(options: ConnectOptions): Promise<string> {
  const client = new Client(options.address, clientCredentials(options), channelOptions(options))
  try {
    const reply = await unary<Buffer>((call, done) => client.makeUnaryRequest(echo.path, raw, raw, Buffer.from('hello'), call, done), {
      timeoutMs: 5000,
      what: 'Echo at test',
    })
    return reply.toString()
  } catch (error) {
    throw await explainHangUp(options, error)
  } finally {
    client.close()
  }
}

test('a client that knows the authority and the token is answered; any other is told what is wrong', { skip }, async (t) => {
  const tls = makeCertificate(folder, 'own')
  const address = await serve(t, serverCredentials({ address: '127.0.0.1:0', insecure: false, tls, token }))
  assert.equal(await ask({ address, tls: { ca: tls.cert }, token }), 'hello')
  await assert.rejects(ask({ address, tls: { ca: tls.cert } }), { kind: 'refused', code: 'token-missing' })
  await assert.rejects(ask({ address, tls: { ca: tls.cert }, token: token.toUpperCase() }), { kind: 'refused', code: 'token-wrong' })
  await assert.rejects(ask({ address, tls: {}, token }), { kind: 'refused', code: 'tls-refused', message: /certificate/ })
  await assert.rejects(ask({ address, tls: { ca: makeCertificate(folder, 'stranger').cert }, token }), { kind: 'refused', code: 'tls-refused' })
  const unnamed = await serve(t, serverCredentials({ address: '127.0.0.2:0', insecure: false, tls, token }), '127.0.0.2')
  await assert.rejects(ask({ address: unnamed, tls: { ca: tls.cert }, token }), { kind: 'refused', code: 'tls-refused', message: /127\.0\.0\.2/ })
  await assert.rejects(ask({ address, token }), { kind: 'refused', code: 'tls-refused', message: /speaks TLS: --tls-ca/ })
})

test('a client refuses an expired certificate, and a server in clear text that it wants TLS of', { skip }, async (t) => {
  const { cert, key } = makeCertificate(folder, 'expired', { from: new Date('2020-01-01'), to: new Date('2020-01-02') })
  const pair = { cert_chain: readFileSync(cert), private_key: readFileSync(key) }
  const expired = await serve(t, ServerCredentials.createSsl(null, [pair]))
  await assert.rejects(ask({ address: expired, tls: { ca: cert }, token }), { kind: 'refused', code: 'certificate-expired' })
  const plain = await serve(t, ServerCredentials.createInsecure())
  await assert.rejects(ask({ address: plain, tls: { ca: cert }, token }), { kind: 'refused', code: 'tls-refused' })
  assert.equal(await ask({ address: plain, token }), 'hello')
})

test('a server that is down stays a server that is down', async () => {
  await assert.rejects(ask({ address: '127.0.0.1:1' }), { kind: 'transient', code: 'rpc-unavailable' })
})
