/** A real gRPC server of raw bytes: deadlines, cancelling, errors across the wire, backpressure of an upload, limits of a message. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import {
  type Client,
  type ClientReadableStream,
  type ClientUnaryCall,
  type ClientWritableStream,
  makeGenericClientConstructor,
  Server,
  type ServerReadableStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js'
import { configError, LossmithError } from '../errors.js'
import { download, unary, upload } from './call.js'
import { clientOptions, serverOptions } from './channel-options.js'
import { clientCredentials, serverCredentials } from './credentials.js'
import { asLossmithError, fromStatus, toStatus } from './status.js'

const raw = (bytes: Buffer) => bytes
const method = (name: string, requestStream: boolean, responseStream: boolean) => ({
  path: `/test.Bytes/${name}`,
  requestStream,
  responseStream,
  requestSerialize: raw,
  requestDeserialize: raw,
  responseSerialize: raw,
  responseDeserialize: raw,
})
const service = { echo: method('Echo', false, false), put: method('Put', true, false), get: method('Get', false, true) }
type Done = (error: never, reply?: Buffer) => void
type BytesClient = Client & {
  echo(bytes: Buffer, options: object, done: Done): ClientUnaryCall
  put(options: object, done: Done): ClientWritableStream<Buffer>
  get(bytes: Buffer, options: object): ClientReadableStream<Buffer>
}
const BytesClient = makeGenericClientConstructor(service, 'Bytes') as unknown as new (...a: ConstructorParameters<typeof Client>) => BytesClient

let server: Server
let client: BytesClient
let held: ServerReadableStream<Buffer, Buffer> | undefined
let hold = false

before(async () => {
  server = new Server(serverOptions())
  server.addService(service, {
    echo(call: ServerUnaryCall<Buffer, Buffer>, done: sendUnaryData<Buffer>) {
      const text = call.request.toString('utf8', 0, 20)
      if (text === 'refuse') return done(toStatus(configError('not-thus', '[echo] wanted words,\ngot "refuse"')), null)
      if (text === 'gone') return done(toStatus(configError('x', 'no member'), status.NOT_FOUND), null)
      if (text !== 'silence') done(null, call.request)
    },
    put(call: ServerReadableStream<Buffer, Buffer>, done: sendUnaryData<Buffer>) {
      held = call
      let bytes = 0
      const take = () => {
        call.on('data', (chunk: Buffer) => {
          bytes += chunk.length
        })
        call.on('end', () => done(null, Buffer.from(String(bytes))))
      }
      if (hold) call.once('released' as 'close', take)
      else take()
    },
    get(call: ServerWritableStream<Buffer, Buffer>) {
      if (call.request.toString() === 'deadline') call.write(Buffer.from(String(call.getDeadline())))
      for (let i = 0; i < 3; i++) call.write(Buffer.from([i]))
      if (call.request.toString() === 'fail') call.emit('error', toStatus(configError('half-way', 'no more')))
      else call.end()
    },
  })
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', serverCredentials({ address: '127.0.0.1:0', insecure: false }), (e, p) => (e ? reject(e) : resolve(p))),
  )
  const address = `127.0.0.1:${port}`
  client = new BytesClient(address, clientCredentials({ address, insecure: false }), clientOptions)
})
after(() => {
  client.close()
  server.forceShutdown()
})

const echo = (bytes: Buffer, timeoutMs = 5000, signal?: AbortSignal) =>
  unary<Buffer>((options, done) => client.echo(bytes, options, done as Done), { timeoutMs, signal, what: 'Echo at test' })
const put = (messages: AsyncIterable<Buffer>) =>
  upload<Buffer, Buffer>((options, done) => client.put(options, done as Done), messages, { timeoutMs: 10_000, what: 'Put at test' })

test('a reply, an error with kind, code and line ends, and a status of the contract cross the wire', async () => {
  assert.equal((await echo(Buffer.from('hello'))).toString(), 'hello')
  await assert.rejects(echo(Buffer.from('refuse')), {
    name: 'LossmithError',
    kind: 'config',
    code: 'not-thus',
    message: '[echo] wanted words,\ngot "refuse"',
  })
  await assert.rejects(echo(Buffer.from('gone')), (error: LossmithError) => (error.cause as { code: number }).code === status.NOT_FOUND)
})

test('silence ends at the deadline, an abort ends it before', async () => {
  await assert.rejects(echo(Buffer.from('silence'), 50), { kind: 'transient', code: 'rpc-timeout', message: /Echo at test/ })
  const stop = new AbortController()
  const pending = echo(Buffer.from('silence'), 60_000, stop.signal)
  stop.abort()
  await assert.rejects(pending, { kind: 'transient', code: 'rpc-cancelled' })
  await assert.rejects(echo(Buffer.from('silence'), 60_000, stop.signal), { code: 'rpc-cancelled' })
})

test('messages over 4 MB pass', async () => {
  const large = Buffer.alloc(20 * 1024 * 1024, 7)
  assert.ok((await echo(large, 20_000)).equals(large))
})

test('an upload makes messages only as fast as the other side takes them', async () => {
  hold = true
  let made = 0
  async function* messages() {
    for (; made < 200; made++) yield Buffer.alloc(1024 * 1024)
  }
  const reply = put(messages())
  await new Promise((resolve) => setTimeout(resolve, 300))
  assert.ok(made < 100, `${made} MB were made while nobody read`)
  hold = false
  held!.emit('released')
  assert.equal((await reply).toString(), String(200 * 1024 * 1024))
})

test('an upload whose source fails rejects with that error', async () => {
  async function* messages() {
    yield Buffer.alloc(10)
    throw configError('source', 'cannot read')
  }
  await assert.rejects(put(messages()), { code: 'source' })
})

test('a download yields messages, then the error of the server', async () => {
  const got: number[] = []
  const read = async (what: string) => {
    const limits = { timeoutMs: 5000, what: 'Get at test' }
    for await (const m of download<Buffer>((o) => client.get(Buffer.from(what), o), limits)) got.push(m[0]!)
  }
  await read('all')
  assert.deepEqual(got, [0, 1, 2])
  await assert.rejects(read('fail'), { kind: 'config', code: 'half-way' })
})

test('a call without a deadline has none on the other side either', async () => {
  const stream = download<Buffer>((o) => client.get(Buffer.from('deadline'), o), { timeoutMs: Number.POSITIVE_INFINITY, what: 'Get at test' })
  for await (const message of stream) {
    assert.equal(message.toString(), 'Infinity')
    break
  }
})

test('of a server that is not there, what the socket says is told, without what gRPC wraps around it', () => {
  const details = 'No connection established. Last error: Error: connect ECONNREFUSED 127.0.0.1:9. Resolution note: '
  const error = Object.assign(new Error('e'), { code: status.UNAVAILABLE, details, metadata: undefined })
  assert.equal(fromStatus(error as never, 'Pause at x').message, '[Pause at x] UNAVAILABLE: connect ECONNREFUSED 127.0.0.1:9')
})

test('errors of other origins are judged', () => {
  assert.deepEqual(
    [status.UNAVAILABLE, status.NOT_FOUND, status.INTERNAL].map(
      (code) => fromStatus(Object.assign(new Error('e'), toStatus(new Error('e')), { code, metadata: undefined }) as never, 'x').kind,
    ),
    ['transient', 'refused', 'broken'],
  )
  assert.equal(asLossmithError(Object.assign(new Error('cut'), { kind: 'config', code: 'gzip-truncated' })).code, 'gzip-truncated')
  assert.ok(asLossmithError('text') instanceof LossmithError)
})
