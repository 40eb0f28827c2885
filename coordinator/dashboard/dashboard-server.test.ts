/** What the dashboard serves, to whom, and which requests of pages reach the run; over a Monitor of the test's own. */
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { hostname as machine } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { configError } from '../../common/errors.js'
import { version } from '../../common/version.js'
import { temporaryDirectory } from '../run-fixture.test-support.js'
import { ScriptedMonitor, showRun, startShown, writePage } from './dashboard-fixture.test-support.js'
import { RunList } from './run-list.js'

interface Answer {
  status: number
  headers: Record<string, string | string[] | undefined>
  text: string
}

/** As it stands: fetch would mend the path and refuse to set the host. */
function ask(
  url: string,
  path: string,
  { method = 'GET', headers = {} }: { method?: string; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve, reject) => {
    const asked = request({ host: hostname, port, path, method, headers }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
      response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, text }))
    })
    asked.on('error', reject).end()
  })
}

test('the page, its assets for good, and nothing beside them', async (t) => {
  const page = writePage(temporaryDirectory(t))
  const { url } = await showRun(t, new ScriptedMonitor(), { page })
  const index = await ask(url, '/')
  assert.deepEqual([index.status, index.headers['content-type'], index.headers['cache-control']], [200, 'text/html; charset=utf-8', 'no-cache'])
  assert.match(index.text, /<title>page/)
  assert.match(String(index.headers['content-security-policy']), /^default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:;/)
  assert.equal((await ask(url, '/', { headers: { 'if-none-match': String(index.headers.etag) } })).status, 304)
  const asset = await ask(url, '/assets/index-Ab_1.js')
  assert.deepEqual([asset.status, asset.headers['content-type']], [200, 'text/javascript; charset=utf-8'])
  assert.match(String(asset.headers['cache-control']), /immutable/)
  assert.deepEqual((await ask(url, '/assets/index-Ab_1.js', { method: 'HEAD' })).text, '')
  for (const path of [
    '/../secret.json',
    '/%2e%2e/secret.json',
    '/assets/../../secret.json',
    '/assets/..%2f..%2fsecret.json',
    '/assets/.hidden.js',
    '/none.js',
    '//secret.json',
  ]) {
    assert.equal((await ask(url, path)).status, 404, path)
  }
  assert.equal((await ask(url, '/', { method: 'DELETE' })).status, 405)
  const bare = await showRun(t, new ScriptedMonitor(), { page: join(page, 'nothing') })
  assert.match((await ask(bare.url, '/')).text, /npm run build/)
})

test('settings and runs', async (t) => {
  const monitor = new ScriptedMonitor()
  const { url } = await showRun(t, monitor)
  assert.deepEqual(JSON.parse((await ask(url, '/api/settings')).text), { readOnly: false, version })
  const run = { id: 'run', label: 'run', kind: 'coordinator', where: 'run' }
  const runs = async () => JSON.parse((await ask(url, '/api/runs')).text)
  assert.deepEqual(await runs(), [{ ...run, name: 'job', live: true, phase: 'training', startedUnixMs: 5 }])
  monitor.die()
  assert.deepEqual(await runs(), [{ ...run, name: 'job', live: false, phase: 'training', startedUnixMs: 5 }])
  for (const path of [
    '/api',
    '/api/run',
    '/api/runs/',
    '/api/runs/run',
    '/api/runs/other/stream',
    '/api/runs/run/describe',
    '/api/runs/run/constructor',
  ]) {
    assert.equal((await ask(url, path)).status, 404, path)
  }
})

test('pause, resume, checkpoint, stop reach the run; what it refuses, and why, reaches the page', async (t) => {
  const monitor = new ScriptedMonitor()
  const lines: string[] = []
  const { url } = await showRun(t, monitor, { log: { info: (line) => void lines.push(line) } })
  const post = async (what: string) => {
    const { status, text } = await ask(url, `/api/runs/run/${what}`, { method: 'POST', headers: { 'x-lossmith': '1' } })
    return [status, JSON.parse(text)]
  }
  for (const what of ['pause', 'resume', 'checkpoint', 'stop']) assert.deepEqual(await post(what), [200, { accepted: true, reason: '' }])
  assert.deepEqual(monitor.asked, ['pause asked in the dashboard', 'resume', 'checkpoint', 'stop asked in the dashboard'])
  monitor.answer = { accepted: false, reason: 'it does not train' }
  assert.deepEqual(await post('pause'), [200, { accepted: false, reason: 'it does not train' }])
  monitor.resume = async () => {
    throw configError('run-missing', 'gone')
  }
  assert.deepEqual(await post('resume'), [200, { accepted: false, reason: 'gone' }])
  assert.deepEqual([lines[0], lines.at(-1), lines.length], ['pause of run, asked by a page: accepted', 'resume of run, asked by a page: gone', 6])
  assert.equal((await ask(url, '/api/runs/run/pause')).status, 405)
  const reader = await showRun(t, monitor, { readOnly: true })
  const refused = await ask(reader.url, '/api/runs/run/stop', { method: 'POST', headers: { 'x-lossmith': '1' } })
  assert.equal(refused.status, 403)
  assert.match(JSON.parse(refused.text).reason, /--read-only/)
  assert.equal(JSON.parse((await ask(reader.url, '/api/settings')).text).readOnly, true)
  assert.equal(monitor.asked.length, 5)
})

test('a foreign page gets nothing: host, origin and header are asked for', async (t) => {
  const monitor = new ScriptedMonitor()
  const { url } = await showRun(t, monitor)
  const { host, port } = new URL(url)
  const status = async (headers: Record<string, string>, method = 'GET', path = '/api/runs') => (await ask(url, path, { method, headers })).status
  for (const own of [host, `localhost:${port}`, '127.0.0.1:8080', '[::1]:99', 'LOCALHOST']) assert.equal(await status({ host: own }), 200, own)
  for (const foreign of ['evil.example', `evil.example:${port}`, 'localhost.evil.example', '10.0.0.1', 'localhost:x']) {
    assert.equal(await status({ host: foreign }), 403, foreign)
  }
  const pause = '/api/runs/run/pause'
  assert.equal(await status({}, 'POST', pause), 403)
  assert.equal(await status({ 'x-lossmith': '1', origin: 'http://evil.example' }, 'POST', pause), 403)
  assert.equal(await status({ 'x-lossmith': '1', origin: `http://localhost:${port}` }, 'POST', pause), 403)
  assert.deepEqual(monitor.asked, [])
  assert.equal(await status({ 'x-lossmith': '1', origin: `http://${host}` }, 'POST', pause), 200)
})

test('where it may listen', async (t) => {
  const { url } = await showRun(t, new ScriptedMonitor())
  const { host } = new URL(url)
  await assert.rejects(showRun(t, new ScriptedMonitor(), { listen: host }), { kind: 'config', code: 'port-in-use' })
  await assert.rejects(showRun(t, new ScriptedMonitor(), { listen: '0.0.0.0:0' }), { kind: 'config', code: 'insecure-address' })
  await assert.rejects(showRun(t, new ScriptedMonitor(), { listen: '192.0.2.1:0', insecure: true }), { kind: 'config', code: 'cannot-listen' })
  await assert.rejects(showRun(t, new ScriptedMonitor(), { listen: 'here' }), { code: 'address-invalid' })
  const everywhere = await showRun(t, new ScriptedMonitor(), { listen: '0.0.0.0:0', insecure: true })
  const { port } = new URL(everywhere.url)
  const local = `http://127.0.0.1:${port}/`
  assert.equal((await ask(local, '/api/settings', { headers: { host: '192.168.1.7:7077' } })).status, 200)
  assert.equal((await ask(local, '/api/settings', { headers: { host: `${machine()}:${port}` } })).status, 200)
  for (const foreign of ['evil.example', `${machine()}.evil.example`])
    assert.equal((await ask(local, '/api/settings', { headers: { host: foreign } })).status, 403, foreign)
})

test('run directories: named, or all of a folder, also those that begin later; ids are plain and differ', async (t) => {
  const folder = temporaryDirectory(t)
  const write = (path: string) => {
    mkdirSync(join(folder, path), { recursive: true })
    writeFileSync(join(folder, path, 'job.yaml'), '')
  }
  for (const path of ['runs/a b', 'runs/a-b', 'other/a-b']) write(path)
  mkdirSync(join(folder, 'runs/empty'))
  const list = (directories: string[]) => {
    const made = new RunList(
      { coordinators: [], directories: directories.map((path) => join(folder, path)), default: join(folder, 'runs') },
      { connect: () => new ScriptedMonitor(), open: () => new ScriptedMonitor() },
    )
    t.after(() => made.close())
    return made
  }
  const ids = async (runs: RunList) => (await runs.summaries()).map(({ id }) => id).sort()
  const found = list([])
  assert.deepEqual(await ids(found), ['a-b', 'a-b-2'])
  write('runs/later')
  assert.deepEqual(await ids(found), ['a-b', 'a-b-2', 'later'])
  assert.deepEqual(await ids(list(['other/a-b', 'runs'])), ['a-b', 'a-b-2', 'a-b-3', 'later'])
  assert.throws(() => list(['runs/empty']), { kind: 'config', code: 'run-missing' })
  assert.throws(() => list(['runs/a-b/job.yaml']), { kind: 'config', code: 'run-missing' })
  assert.throws(() => list(['none']), { kind: 'config', code: 'run-missing' })
  const { url } = await startShown(t, { runs: found })
  assert.equal(JSON.parse((await ask(url, '/api/runs')).text)[0].kind, 'directory')
})
