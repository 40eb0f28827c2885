/** The dashboard on another address than a coordinator that wants TLS and a token: a client of the real Monitor service like any other. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { makeCertificate, noOpenssl } from '../../common/rpc/certificates.test-support.js'
import { type ConnectOptions, connectMonitor } from '../monitor/monitor-client.js'
import { startRun, temporaryDirectory, testJob } from '../run-fixture.test-support.js'
import { Page, startShown } from './dashboard-fixture.test-support.js'
import { RunList, type RunSummary } from './run-list.js'

const token = 'a-token-of-the-test-long-enough'

test('a run over TLS with a token is shown; a dashboard without them says why it is not', { skip: noOpenssl, timeout: 60_000 }, async (t) => {
  const directory = temporaryDirectory(t)
  const { cert, key } = makeCertificate(directory, 'coordinator', { names: 'IP:127.0.0.2' })
  const job = testJob(directory, ['cluster.joinTimeoutSeconds=60'])
  const { address } = await startRun(t, job, join(directory, 'run'), { listen: '127.0.0.2:0', tls: { cert, key }, token })

  const show = async (how: Omit<ConnectOptions, 'address'>) => {
    const places = { coordinators: [address], directories: [], default: '' }
    const open = () => assert.fail('no directory was named')
    const runs = new RunList(places, { connect: (at) => connectMonitor({ address: at, ...how }), open })
    const { url } = await startShown(t, { runs })
    assert.equal(new URL(url).hostname, '127.0.0.1')
    const page = new Page(url, address.replace(':', '-'))
    t.after(() => page.close())
    await page.until(() => page.state !== undefined, 'a state')
    return { page, url }
  }
  const { page, url } = await show({ tls: { ca: cert }, token })
  assert.deepEqual(page.state, { connected: true, message: '' })
  await page.until(() => page.events.some(({ phase }) => phase?.phase === 'joining'), 'the phase of the run')
  const [summary] = (await (await fetch(new URL('api/runs', url))).json()) as RunSummary[]
  assert.deepEqual([summary!.name, summary!.phase, summary!.live], [job.name, 'joining', true])
  const stop = `api/runs/${address.replace(':', '-')}/stop`
  const stopped = await fetch(new URL(stop, url), { method: 'POST', headers: { 'x-lossmith': '1' }, body: '{}' })
  assert.equal(((await stopped.json()) as { accepted: boolean }).accepted, true)
  await page.until(() => page.state?.message === 'the run is done', 'its end')

  const { page: wrong } = await show({ tls: { ca: cert }, token: `${token}-but-not-this` })
  assert.equal(wrong.state!.connected, false)
  assert.match(wrong.state!.message, /token/)
  assert.ok(!JSON.stringify(wrong.messages).includes(token), 'the token is never shown')
  const { page: stranger } = await show({ tls: {}, token })
  assert.match(stranger.state!.message, /certificate/)
  const { page: clear } = await show({})
  assert.equal(clear.state!.connected, false)
})
