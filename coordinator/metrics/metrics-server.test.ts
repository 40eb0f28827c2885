/** Who gets what of /metrics: paths and methods, the token, TLS, and the rule beyond loopback. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { type IncomingMessage, request as plain, type RequestOptions } from 'node:http'
import { request as overTls } from 'node:https'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { Gauge, Registry } from 'prom-client'
import { makeCertificate, noOpenssl } from '../../common/rpc/certificates.test-support.js'
import type { ListenOptions } from '../../common/rpc/credentials.js'
import { startRun, temporaryDirectory, testJob } from '../run-fixture.test-support.js'
import { startMetricsServer } from './metrics-server.js'

const token = 'a token of more than sixteen characters'.replaceAll(' ', '-')

async function serve(t: TestContext, options: Partial<ListenOptions> = {}): Promise<URL> {
  const registry = new Registry()
  new Gauge({ name: 'lossmith_step', help: 'Last committed step.', registers: [registry] }).set(7)
  const server = await startMetricsServer({ address: '127.0.0.1:0', insecure: false, ...options }, registry)
  t.after(() => server.close())
  return new URL(server.url)
}

async function ask(url: URL, options: RequestOptions & { ca?: Buffer } = {}) {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const request = (url.protocol === 'https:' ? overTls : plain)(url, { agent: false, timeout: 5000, ...options }, resolve)
    request.on('error', reject).end()
  })
  let text = ''
  for await (const part of response.setEncoding('utf8')) text += part
  return { status: response.statusCode, headers: response.headers, text }
}

test('GET and HEAD of /metrics, and nothing else', async (t) => {
  const url = await serve(t)
  const got = await ask(url)
  assert.equal(got.status, 200)
  assert.match(got.headers['content-type']!, /^text\/plain; version=0\.0\.4/)
  assert.match(got.text, /^# HELP lossmith_step Last committed step\.\n# TYPE lossmith_step gauge\nlossmith_step 7\n/)
  assert.deepEqual([(await ask(url, { method: 'HEAD' })).status, (await ask(url, { method: 'HEAD' })).text], [200, ''])
  const posted = await ask(url, { method: 'POST' })
  assert.deepEqual([posted.status, posted.headers.allow], [405, 'GET, HEAD'])
  for (const path of ['/', '/metrics/', '/metrics/../job.yaml', '//metrics']) assert.equal((await ask(url, { path })).status, 404, path)
  assert.equal((await ask(url, { path: '/metrics?collect=all' })).status, 200)
})

test('a token that is given is asked for, of every path', async (t) => {
  const url = await serve(t, { token })
  for (const authorization of [undefined, 'Bearer ', `Bearer ${token}x`, `Basic ${token}`, token])
    for (const path of ['/metrics', '/']) {
      const { status, headers, text } = await ask(url, { path, headers: authorization === undefined ? {} : { authorization } })
      assert.deepEqual([status, headers['www-authenticate'], text.includes('lossmith_step')], [401, 'Bearer', false])
    }
  assert.equal((await ask(url, { headers: { authorization: `Bearer ${token}` } })).status, 200)
})

test('beyond loopback: TLS and a token, or --insecure', { skip: noOpenssl }, async (t) => {
  const tls = makeCertificate(temporaryDirectory(t), 'own')
  const address = '0.0.0.0:0'
  await assert.rejects(serve(t, { address }), { code: 'insecure-address' })
  await assert.rejects(serve(t, { address, token }), { code: 'insecure-address' })
  await assert.rejects(serve(t, { address, tls }), { code: 'token-missing' })
  assert.equal((await ask(local(await serve(t, { address, insecure: true })))).status, 200)
  const url = local(await serve(t, { address, tls, token }))
  const headers = { authorization: `Bearer ${token}` }
  assert.equal((await ask(url, { headers, ca: readFileSync(tls.cert) })).status, 200)
  assert.equal((await ask(url, { ca: readFileSync(tls.cert) })).status, 401)
  await assert.rejects(ask(url, { headers }), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' })
  await assert.rejects(ask(Object.assign(new URL(url), { protocol: 'http:' }), { headers }))
})

test('a port in use is said before the directory of the run is touched', async (t) => {
  const { host } = await serve(t)
  const directory = temporaryDirectory(t)
  const run = join(directory, 'run')
  await assert.rejects(startRun(t, testJob(directory), run, { metrics: host }), {
    code: 'port-in-use',
    message: new RegExp(`^\\[metrics\\] .*${host}`),
  })
  assert.equal(existsSync(run), false)
})

const local = (url: URL) => Object.assign(url, { hostname: 'localhost' })
