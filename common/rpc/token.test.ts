/** A server that asks for a token, over real sockets: every call of every service but health. And where tokens come from. */
import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { Client, Server, type ServerDuplexStream, type ServerReadableStream, type sendUnaryData } from '@grpc/grpc-js'
import { HealthImplementation } from 'grpc-health-check'
import { unary, upload } from './call.js'
import { channelOptions, serverOptions } from './channel-options.js'
import { clientCredentials, serverCredentials } from './credentials.js'
import { checkBearer, checkToken, readTokenFile } from './token.js'

const token = 'f00d'.repeat(16)
const raw = (bytes: Buffer) => bytes
const method = (name: string, requestStream: boolean, responseStream: boolean) => ({
  ...{ path: `/test.Token/${name}`, requestStream, responseStream },
  ...{ requestSerialize: raw, requestDeserialize: raw, responseSerialize: raw, responseDeserialize: raw },
})
const service = { echo: method('Echo', false, false), put: method('Put', true, false), talk: method('Talk', true, true) }

let server: Server
let address: string
let handled = 0
const refusals: string[] = []
before(async () => {
  server = new Server(serverOptions(token, undefined, (peer, { code }) => refusals.push(`${peer.replace(/:\d+$/, '')} ${code}`)))
  server.addService(service, {
    echo(call: { request: Buffer }, done: sendUnaryData<Buffer>) {
      handled++
      done(null, call.request)
    },
    put(call: ServerReadableStream<Buffer, Buffer>, done: sendUnaryData<Buffer>) {
      handled++
      let bytes = 0
      call.on('data', (chunk: Buffer) => {
        bytes += chunk.length
      })
      call.on('end', () => done(null, Buffer.from(String(bytes))))
    },
    talk(call: ServerDuplexStream<Buffer, Buffer>) {
      handled++
      call.on('data', (chunk: Buffer) => call.write(chunk))
      call.on('end', () => call.end())
    },
  })
  new HealthImplementation({ '': 'SERVING' }).addToServer(server)
  const credentials = serverCredentials({ address: '127.0.0.1:0', insecure: false, token })
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', credentials, (error, bound) => (error ? reject(error) : resolve(bound))),
  )
  address = `127.0.0.1:${port}`
})
after(() => server.forceShutdown())

async function withClient<T>(shown: string | undefined, use: (client: Client) => Promise<T>): Promise<T> {
  const options = { address, token: shown }
  const client = new Client(address, clientCredentials(options), channelOptions(options))
  try {
    return await use(client)
  } finally {
    client.close()
  }
}

const limits = { timeoutMs: 5000, what: 'Call at test' }
const echo = (client: Client) =>
  unary<Buffer>((options, done) => client.makeUnaryRequest(service.echo.path, raw, raw, Buffer.from('hello'), options, done), limits)
async function* messages() {
  for (let i = 0; i < 8; i++) yield Buffer.alloc(1024 * 1024)
}
const put = (client: Client) =>
  upload<Buffer, Buffer>((options, done) => client.makeClientStreamRequest(service.put.path, raw, raw, options, done), messages(), limits)
const talk = (client: Client) =>
  new Promise<string>((resolve, reject) => {
    const stream = client.makeBidiStreamRequest(service.talk.path, raw, raw, { deadline: Date.now() + 5000 })
    stream.on('data', (chunk: Buffer) => resolve(chunk.toString()))
    stream.on('error', reject)
    stream.write(Buffer.from('hello'))
    stream.end()
  })

test('with the token calls and streams go through', async () => {
  await withClient(token, async (client) => {
    assert.equal((await echo(client)).toString(), 'hello')
    assert.equal((await put(client)).toString(), String(8 * 1024 * 1024))
    assert.equal(await talk(client), 'hello')
  })
})

test('without it, or with another one, no handler is reached; the error says which and never the token', async () => {
  const before = handled
  for (const [shown, code] of [
    [undefined, 'token-missing'],
    ['b00k'.repeat(16), 'token-wrong'],
    [token.slice(0, -1), 'token-wrong'],
    [`${token}0`, 'token-wrong'],
    [token.toUpperCase(), 'token-wrong'],
  ] as const) {
    await withClient(shown, async (client) => {
      for (const call of [echo, put]) {
        await assert.rejects(call(client), (error: { kind: string; code: string; message: string }) => {
          assert.deepEqual({ kind: error.kind, code: error.code }, { kind: 'refused', code })
          assert.match(error.message, /wanted .*--token-file/)
          assert.ok(!error.message.includes(token) && (shown === undefined || !error.message.includes(shown)))
          return true
        })
      }
      await assert.rejects(talk(client), /UNAUTHENTICATED/)
    })
  }
  assert.equal(handled, before)
  assert.deepEqual([...new Set(refusals)], ['127.0.0.1 token-missing', '127.0.0.1 token-wrong'])
})

test('health is answered to everybody', async () => {
  // An empty HealthCheckRequest asks for the whole server; the reply's field 1 is 1: SERVING.
  const ask = (client: Client) =>
    unary<Buffer>((options, done) => client.makeUnaryRequest('/grpc.health.v1.Health/Check', raw, raw, Buffer.alloc(0), options, done), limits)
  for (const shown of [undefined, 'b00k'.repeat(16)]) assert.deepEqual([...(await withClient(shown, ask))], [8, 1])
})

test('a header is right only with the scheme and the whole token', () => {
  assert.ok(checkBearer(`Bearer ${token}`, token))
  assert.ok(checkBearer(`bearer  ${token} `, token))
  for (const header of [undefined, '', 'Bearer', 'Bearer ', token, `Basic ${token}`, `Bearer ${token} x`, `Bearer x${token}`]) {
    assert.equal(checkBearer(header, token), false, header)
  }
})

test('a token file: the first line counts; what is no token is refused; what others may read is warned of', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'lossmith-token-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'token')
  const write = (text: string, mode: number) => {
    writeFileSync(file, text)
    chmodSync(file, mode)
  }
  write(` ${token}\r\nnot this\n`, 0o600)
  assert.deepEqual(readTokenFile(file), { token })
  write(token, 0o640)
  const { warning } = readTokenFile(file)
  assert.match(warning!, /mode 640.*chmod 600/)
  assert.ok(!warning!.includes(token))
  for (const text of ['', '\n', 'secret\n', `${'x'.repeat(8)} ${'y'.repeat(8)}`, `${'ä'.repeat(20)}\n`]) {
    write(text, 0o600)
    assert.throws(
      () => readTokenFile(file),
      (error: { code: string; message: string }) => {
        assert.equal(error.code, 'token-invalid')
        assert.match(error.message, /openssl rand -hex 32/)
        assert.ok(text.trim() === '' || !error.message.includes(text.trim()))
        return true
      },
    )
  }
  assert.throws(() => readTokenFile(join(folder, 'nowhere')), { kind: 'config', code: 'token-invalid', message: /nowhere/ })
  assert.throws(() => checkToken('short', 'LOSSMITH_TOKEN'), { code: 'token-invalid', message: /LOSSMITH_TOKEN, got 5 characters/ })
})
