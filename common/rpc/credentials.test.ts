/** TLS as the command line offers it: a server with its own certificate, clients that know its authority and clients that do not. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { Client, Server } from '@grpc/grpc-js'
import { unary } from './call.js'
import { clientOptions, serverOptions } from './channel-options.js'
import { clientCredentials, isLoopback, parseAddress, serverCredentials } from './credentials.js'

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
  }
  assert.deepEqual(parseAddress('[fe80::1]:80'), { host: 'fe80::1', port: 80 })
  assert.equal(isLoopback('0.0.0.0'), false)
  assert.throws(() => clientCredentials({ address: '10.1.2.3:1', insecure: false, tls: { ca: '/nowhere.pem' } }), {
    kind: 'config',
    code: 'tls-file',
  })
})

test('with TLS a client that knows the authority is answered, one that does not is not', {
  skip: haveOpenssl() ? false : 'openssl makes the certificate',
}, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'lossmith-tls-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1']
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-keyout', key, '-out', cert, ...subject], {
    stdio: 'ignore',
  })

  const server = new Server(serverOptions())
  t.after(() => server.forceShutdown())
  const raw = (bytes: Buffer) => bytes
  const echo = {
    ...{ path: '/test.Tls/Echo', requestStream: false, responseStream: false },
    ...{ requestSerialize: raw, requestDeserialize: raw, responseSerialize: raw, responseDeserialize: raw },
  }
  server.addService({ echo }, { echo: (call: { request: Buffer }, done: (error: null, reply: Buffer) => void) => done(null, call.request) })
  const credentials = serverCredentials({ address: '127.0.0.1:0', insecure: false, tls: { cert, key } })
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', credentials, (error, bound) => (error ? reject(error) : resolve(bound))),
  )
  const ask = async (tls: { ca?: string } | undefined) => {
    const address = `127.0.0.1:${port}`
    const client = new Client(address, clientCredentials({ address, insecure: false, tls }), clientOptions)
    try {
      const hello = Buffer.from('hello')
      const reply = await unary<Buffer>((options, done) => client.makeUnaryRequest(echo.path, raw, raw, hello, options, done), {
        timeoutMs: 3000,
        what: 'Echo at test',
      })
      return reply.toString()
    } finally {
      client.close()
    }
  }
  assert.equal(await ask({ ca: cert }), 'hello')
  await assert.rejects(ask({}), { kind: 'refused', code: 'tls-refused', message: /certificate/ })
  await assert.rejects(ask(undefined), { kind: 'transient', code: 'rpc-unavailable' })
})

function haveOpenssl(): boolean {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
